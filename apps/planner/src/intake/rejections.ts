import { createHash } from 'node:crypto';
import type { NewEvent } from '#shared/contracts/events.js';
import { intakeStream } from '#shared/contracts/streams.js';
import { REHOME_NAMESPACE, uuidV5 } from '#shared/contracts/uuid.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { TRACEPARENT } from '#shared/messaging/cloud-event-headers.js';
import { traceContext } from '#shared/messaging/decode-cloud-event.js';
import type { Rejection } from '#shared/messaging/rejection.js';
import { traceparentOfId } from '#shared/observability/trace-context.js';

const MAX_STREAM_BYTES = 500;

/** Tells publishers what became of a request that never became a migration: `CommandRejected` on `intake-<ce_id>`. */
export class Rejections {
  constructor(private readonly writer: LedgerWriter) {}

  /** Safe to repeat for the same record. @throws RehomeError LEDGER_UNAVAILABLE */
  async record(rejection: Rejection): Promise<void> {
    const { requestId } = rejection;
    try {
      await this.writer.append({
        appends: [{ stream: intakeStream(streamPart(requestId)), expected: 'any', events: [rejectedEvent(rejection)] }],
        effects: [],
      });
    } catch (error) {
      // The same record was rejected before for another reason (the registry changed meanwhile): the first one stands.
      if (toRehomeError(error).code !== 'EVENT_INVALID') throw error;
    }
  }
}

function rejectedEvent({ record, failure, source, requestId }: Rejection): NewEvent {
  const place = `${record.topic}/${String(record.partition)}/${String(record.offset)}`;
  const eventId = uuidV5(REHOME_NAMESPACE, `rejected:${place}:${source}:${requestId}`);
  const traceparent = traceContext(record.headers[TRACEPARENT]) ?? traceparentOfId(eventId);
  return {
    eventId,
    type: 'CommandRejected',
    schemaVersion: 1,
    data: {
      reason: failure,
      source,
      requestId,
      topic: record.topic,
      partition: record.partition,
      offset: String(record.offset),
    },
    metadata: { correlationId: requestId, causationId: requestId, actor: `source:${source}`, traceparent },
  };
}

/** A `ce_id` may be longer than the name of a stream. */
function streamPart(requestId: string): string {
  if (Buffer.byteLength(intakeStream(requestId)) <= MAX_STREAM_BYTES) return requestId;
  return createHash('sha256').update(requestId).digest('hex');
}
