import type { LedgerEvent } from '../contracts/events.js';
import {
  CE,
  cloudEventSource,
  cloudEventType,
  CONTENT_TYPE,
  JSON_CONTENT,
  SPEC_VERSION,
  TRACEPARENT,
} from './cloud-event-headers.js';
import { eventKey } from './event-key.js';
import type { OutgoingRecord } from './kafka-record.js';

/**
 * A ledger event as a CloudEvent in binary mode. The value is the exact data text and the headers hold all
 * that its hash covers, so whoever reads the topic can check the chain without the ledger.
 */
export function encodeLedgerEvent(event: LedgerEvent, ledgerId: string, topic: string): OutgoingRecord {
  const key = eventKey(event.stream);
  return {
    topic,
    key,
    value: event.dataText,
    headers: {
      [CONTENT_TYPE]: JSON_CONTENT,
      [CE.specversion]: SPEC_VERSION,
      [CE.id]: event.eventId,
      [CE.type]: cloudEventType(event.type, event.schemaVersion),
      [CE.source]: cloudEventSource(ledgerId),
      [CE.time]: event.recordedAt,
      [CE.subject]: event.stream,
      [CE.streamVersion]: String(event.streamVersion),
      [CE.sequence]: String(event.position),
      [CE.hash]: event.hash,
      [CE.prevHash]: event.prevHash,
      [CE.metadata]: event.metadataText,
      [CE.partitionKey]: key,
      [CE.correlationId]: event.metadata.correlationId,
      [CE.causationId]: event.metadata.causationId,
      [TRACEPARENT]: event.metadata.traceparent,
    },
  };
}

/** Bytes of a record, near enough to keep a batch below what a broker takes. */
export function sizeOf(record: OutgoingRecord): number {
  let bytes = byteLength(record.key) + byteLength(record.value) + RECORD_OVERHEAD_BYTES;
  for (const [name, value] of Object.entries(record.headers)) {
    if (value === undefined) continue;
    const values = typeof value === 'string' || Buffer.isBuffer(value) ? [value] : value;
    for (const one of values) bytes += name.length + byteLength(one) + HEADER_OVERHEAD_BYTES;
  }
  return bytes;
}

const RECORD_OVERHEAD_BYTES = 32;
const HEADER_OVERHEAD_BYTES = 8;

function byteLength(part: Buffer | string | null): number {
  return part === null ? 0 : Buffer.byteLength(part);
}
