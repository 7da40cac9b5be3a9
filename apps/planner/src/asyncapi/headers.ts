import type { JsonObject } from '#shared/contracts/json.js';
import {
  CE,
  CONTENT_TYPE,
  DLQ,
  JSON_CONTENT,
  SPEC_VERSION,
  TRACEPARENT,
} from '#shared/messaging/cloud-event-headers.js';

function text(description: string, more: JsonObject = {}): JsonObject {
  return { type: 'string', description, ...more };
}

const TRACE = text('W3C trace context: the span in which it came to be', {
  pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
});
const VERSION = text('Version of CloudEvents', { const: SPEC_VERSION });

/** Of a record that the relay publishes: a CloudEvent in binary mode with all that the ledger's hash covers. */
export function ledgerHeaders(ceType: string): JsonObject {
  const properties = {
    [CONTENT_TYPE]: text('Media type of the value', { const: JSON_CONTENT }),
    [CE.specversion]: VERSION,
    [CE.id]: text('Id of the event; what was seen under it is dropped', { format: 'uuid' }),
    [CE.type]: text('Name and version of the event', { const: ceType }),
    [CE.source]: text('`rehome/<ledger id>`', { pattern: '^rehome/.+$' }),
    [CE.time]: text('When it was appended, RFC 3339, UTC, microseconds', { format: 'date-time' }),
    [CE.subject]: text('Stream of the ledger'),
    [CE.streamVersion]: text('Place in its stream, decimal, from 1', { pattern: '^[0-9]+$' }),
    [CE.sequence]: text('Position in the ledger, decimal, gap free, from 1', { pattern: '^[0-9]+$' }),
    [CE.hash]: text('Hash of the event, chained', { pattern: '^[0-9a-f]{64}$' }),
    [CE.prevHash]: text('Hash of the event before it in the ledger', { pattern: '^[0-9a-f]{64}$' }),
    [CE.metadata]: text('Exact text of the metadata, JSON; see the schema EventMetadata'),
    [CE.partitionKey]: text('The record’s key'),
    [CE.correlationId]: text('The publisher’s `ce_id`, or the migration’s id for a REST request'),
    [CE.causationId]: text('The event or request that led to it'),
    [TRACEPARENT]: TRACE,
  };
  return { type: 'object', required: Object.keys(properties).filter((name) => name !== TRACEPARENT), properties };
}

/** Of a request in binary mode. */
export function requestHeaders(ceType: string): JsonObject {
  return {
    type: 'object',
    required: [CE.specversion, CE.id, CE.type, CE.source],
    properties: {
      [CONTENT_TYPE]: text('JSON, or absent', { const: JSON_CONTENT }),
      [CE.specversion]: VERSION,
      [CE.id]: text('With the source it makes the migration’s id: the same again is the same migration'),
      [CE.type]: text('Of every request', { const: ceType }),
      [CE.source]: text('Who asks; the registry’s sources say for what'),
      [TRACEPARENT]: TRACE,
    },
  };
}

export function structuredHeaders(mediaType: string): JsonObject {
  return {
    type: 'object',
    required: [CONTENT_TYPE],
    properties: { [CONTENT_TYPE]: text('Structured mode', { pattern: `^${mediaType.replace('+', '\\+')}` }) },
  };
}

/** What a record gets on its way to a dead letter topic; all that it had stays. */
export const DEAD_LETTER_HEADERS: JsonObject = {
  type: 'object',
  required: Object.values(DLQ),
  properties: {
    [DLQ.reason]: text('`CODE: detail`'),
    [DLQ.topic]: text('Where it lay'),
    [DLQ.partition]: text('Decimal', { pattern: '^[0-9]+$' }),
    [DLQ.offset]: text('Decimal', { pattern: '^[0-9]+$' }),
  },
};
