/** Header names of CloudEvents 1.0 in Kafka's binary mode, with Rehome's extension attributes. */
export const CE = {
  specversion: 'ce_specversion',
  id: 'ce_id',
  type: 'ce_type',
  source: 'ce_source',
  time: 'ce_time',
  subject: 'ce_subject',
  streamVersion: 'ce_streamversion',
  sequence: 'ce_sequence',
  hash: 'ce_hash',
  prevHash: 'ce_prevhash',
  metadata: 'ce_metadata',
  partitionKey: 'ce_partitionkey',
  correlationId: 'ce_correlationid',
  causationId: 'ce_causationid',
} as const;

/** Every header that starts with it is an attribute. */
export const CE_PREFIX = 'ce_';
export const CONTENT_TYPE = 'content-type';
export const TRACEPARENT = 'traceparent';

/** Added to a record on its way to a dead letter topic; everything else of it stays as it was. */
export const DLQ = {
  reason: 'dlq-reason',
  topic: 'dlq-topic',
  partition: 'dlq-partition',
  offset: 'dlq-offset',
} as const;

export const SPEC_VERSION = '1.0';
export const JSON_CONTENT = 'application/json';
export const STRUCTURED_CONTENT = 'application/cloudevents+json';

/** `rehome.<EventName>.v<N>`: the type under which an event of the ledger is published. */
export function cloudEventType(eventName: string, schemaVersion: number): string {
  return `rehome.${eventName}.v${String(schemaVersion)}`;
}

/** Source of everything a ledger publishes. */
export function cloudEventSource(ledgerId: string): string {
  return `rehome/${ledgerId}`;
}
