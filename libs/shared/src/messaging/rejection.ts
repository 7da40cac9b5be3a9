import type { Failure } from '../contracts/events.js';
import { CE, CONTENT_TYPE, STRUCTURED_CONTENT } from './cloud-event-headers.js';
import { mediaType } from './cloud-event-text.js';
import { placeOf, type IncomingRecord } from './kafka-record.js';

/** A record that was put aside, with what could be learned about who sent it. */
export interface Rejection {
  readonly record: IncomingRecord;
  readonly failure: Failure;
  /** `ce_source`, or `unknown`. */
  readonly source: string;
  /** `ce_id`, or the place of the record: `rehome.requests.v1[3]@42`. */
  readonly requestId: string;
}

export function rejectionOf(record: IncomingRecord, failure: Failure): Rejection {
  const known = senderOf(record);
  return { record, failure, source: known.source ?? 'unknown', requestId: known.id ?? placeOf(record) };
}

/** A record that could not be decoded may still tell who sent it; nothing of this is trusted further. */
function senderOf(record: IncomingRecord): { id: string | undefined; source: string | undefined } {
  const inHeaders = { id: readable(record.headers[CE.id]), source: readable(record.headers[CE.source]) };
  if (mediaType(readable(record.headers[CONTENT_TYPE])) !== STRUCTURED_CONTENT) return inHeaders;
  const envelope = parsedObject(record.value);
  return { id: readable(envelope.id), source: readable(envelope.source) };
}

const MAX_CHARACTERS = 200;
const READABLE = /^[\p{L}\p{N}\p{P}\p{S} ]+$/u;

function readable(value: unknown): string | undefined {
  const text = Buffer.isBuffer(value) ? value.toString('utf8') : value;
  return typeof text === 'string' && text.length <= MAX_CHARACTERS && READABLE.test(text) ? text : undefined;
}

function parsedObject(value: Buffer | null): { id?: unknown; source?: unknown } {
  try {
    const parsed: unknown = JSON.parse(value?.toString('utf8') ?? '');
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
