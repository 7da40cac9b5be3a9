import { invalidRequest } from '../http/request-refused.js';

const KEY = /^[\x21-\x7e]{1,255}$/;

/** @throws RequestRefused REQUEST_INVALID for a header that is not 1 to 255 visible characters. */
export function idempotencyOf(header: unknown, keyName: string): { scope: string; key: string } | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !KEY.test(header))
    throw invalidRequest([
      { pointer: '/header/Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' },
    ]);
  return { scope: `key:${keyName}`, key: header };
}
