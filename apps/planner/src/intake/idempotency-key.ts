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

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** W3C trace context of the caller; anything else is as if it were not sent. */
export function traceparentOf(header: unknown): string | undefined {
  return typeof header === 'string' && TRACEPARENT.test(header) ? header : undefined;
}
