import type { JsonValue } from '../contracts/json.js';
import { RehomeError } from '../errors/rehome-error.js';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @throws RehomeError REQUEST_UNREADABLE */
export function utf8(bytes: Buffer | null, what: string): string {
  if (bytes === null) throw unreadable(`${what} is missing`);
  try {
    return UTF8.decode(bytes);
  } catch {
    throw unreadable(`${what} is not UTF-8`);
  }
}

/**
 * The parser's own message is left out: it quotes the text, and the text may hold what no event may carry.
 *
 * @throws RehomeError REQUEST_UNREADABLE
 */
export function parseJson(text: string, what: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw unreadable(`${what} (${String(text.length)} characters) is not JSON`, error);
  }
}

/** Media type without parameters, lower case; empty when there is none. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Whether data of this content type is JSON. */
export function isJson(contentType: string): boolean {
  const type = mediaType(contentType);
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

export function unreadable(detail: string, cause?: unknown): RehomeError {
  return new RehomeError('REQUEST_UNREADABLE', detail, cause === undefined ? {} : { cause });
}

export function invalid(attribute: string, detail: string): RehomeError {
  return new RehomeError('REQUEST_INVALID', detail, { facts: { attribute } });
}
