import { invalidRequest } from '../http/request-refused.js';

const MAX_BYTES = 200;
/** Control characters, and half a surrogate pair, which no UTF-8 text holds. */
const UNUSABLE = /[\p{Cc}\p{Surrogate}]/u;

/** @throws RequestRefused for a name of the path that cannot be one. */
export function entryName(name: string): string {
  if (name !== '' && Buffer.byteLength(name) <= MAX_BYTES && !UNUSABLE.test(name)) return name;
  throw invalidRequest([
    { pointer: '/path/name', message: `must be 1 to ${String(MAX_BYTES)} bytes without control characters` },
  ]);
}

/** A body may repeat the name, so that what GET answers can be PUT again; another name is a mistake. */
export function sameName<B extends object, K extends keyof B & string>(body: B, field: K, name: string): B {
  const repeated = body[field];
  if (repeated === undefined || repeated === name) return body;
  throw invalidRequest([{ pointer: `/${field}`, message: `is not the name of the path, "${name}"` }]);
}
