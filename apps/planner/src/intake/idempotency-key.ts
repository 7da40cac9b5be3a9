import { createHash } from 'node:crypto';
import type { ApiHeaderOptions } from '@nestjs/swagger';
import { canonicalJson } from '#shared/contracts/canonical-json.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { invalidRequest } from '../http/request-refused.js';

/** Belongs to the API key of its scope. */
export interface IdempotencyKey {
  readonly scope: string;
  readonly key: string;
}

/** A key with what it was used for. */
export interface KeyedRequest extends IdempotencyKey {
  readonly bodyHash: string;
}

export const KEY_HEADER: ApiHeaderOptions = {
  name: 'Idempotency-Key',
  required: false,
  description: 'The same key and body get the first answer again',
};

const KEY = /^[\x21-\x7e]{1,255}$/;

/** @throws RequestRefused REQUEST_INVALID for a header that is not 1 to 255 visible characters. */
export function idempotencyOf(header: unknown, keyName: string): IdempotencyKey | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !KEY.test(header))
    throw invalidRequest([
      { pointer: '/header/Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' },
    ]);
  return { scope: `key:${keyName}`, key: header };
}

/** @param body all that makes it another request, wherever of the call it stood */
export function keyed(idempotency: IdempotencyKey, body: JsonObject): KeyedRequest {
  return { ...idempotency, bodyHash: createHash('sha256').update(canonicalJson(body)).digest('hex') };
}
