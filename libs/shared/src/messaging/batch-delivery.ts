import type { Batch, Consumer, EachBatchPayload } from 'kafkajs';
import type { IncomingRecord } from './kafka-record.js';
import { pauseFor } from './waiting.js';

export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  /** In offset order, at least one. */
  readonly records: readonly IncomingRecord[];
}

/** How far a batch came. */
export interface BatchOutcome {
  /** First offset that is not done; what lies below is committed. */
  readonly next: bigint;
  /** The partition rests that long before it is read on from `next`. */
  readonly pauseMs?: number;
}

/** Between two signs of life to the group's coordinator; a quarter of the session timeout. */
export const HEARTBEAT_INTERVAL_MS = 1_500;

interface Delivery {
  readonly consumer: Consumer;
  readonly payload: EachBatchPayload;
  readonly onBatch: (batch: RecordBatch) => Promise<BatchOutcome>;
  /** Aborted when this consumer is of no use any more. */
  readonly over: AbortSignal;
}

/**
 * Hands a batch over, commits what was done of it and lets its partition rest when the rest must wait.
 *
 * @throws what the commit throws when the group rebalances: the runner of kafkajs then joins again.
 */
export async function deliverBatch({ consumer, payload, onBatch, over }: Delivery): Promise<void> {
  const { batch } = payload;
  const { topic, partition } = batch;
  if (!payload.isRunning() || payload.isStale() || over.aborted) return;
  const outcome = await beating(payload, () => onBatch({ topic, partition, records: recordsOf(batch) }));
  // Before the commit, which throws when the group rebalances: the rest would be fetched again at once.
  if (outcome.pauseMs !== undefined) rest(consumer, { topic, partition, ms: outcome.pauseMs }, over);
  if (outcome.next <= BigInt(batch.firstOffset() ?? 0)) return;
  // Without this the same batch is fetched again for ever, committed or not.
  payload.resolveOffset(String(outcome.next - 1n));
  // Not `consumer.commitOffsets`: that one retries a rebalance instead of letting the runner join again.
  await payload.commitOffsetsIfNecessary({
    topics: [{ topic, partitions: [{ partition, offset: String(outcome.next) }] }],
  });
}

/** kafkajs beats only between batches; a batch that waits for a slow ledger must not cost the membership. */
async function beating<T>(payload: EachBatchPayload, work: () => Promise<T>): Promise<T> {
  const beat = setInterval(() => {
    // A rebalance shows up here first; the commit after the batch meets it again and lets the runner join.
    payload.heartbeat().catch(() => undefined);
  }, HEARTBEAT_INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}

/** A paused consumer keeps beating by itself: this is the back-pressure. */
function rest(consumer: Consumer, at: { topic: string; partition: number; ms: number }, signal: AbortSignal): void {
  const partitions = [{ topic: at.topic, partitions: [at.partition] }];
  consumer.pause(partitions);
  pauseFor(at.ms, signal)
    .then(() => {
      if (!signal.aborted) consumer.resume(partitions);
    })
    // It crashed meanwhile: the next consumer begins without pauses.
    .catch(() => undefined);
}

function recordsOf({ topic, partition, messages }: Batch): IncomingRecord[] {
  return messages.map(({ offset, key, value, headers, timestamp }) => ({
    topic,
    partition,
    offset: BigInt(offset),
    key,
    value,
    headers: headers ?? {},
    timestampMs: Number(timestamp),
  }));
}
