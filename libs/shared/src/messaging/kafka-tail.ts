import { CE, cloudEventSource } from './cloud-event-headers.js';
import type { KafkaClient } from './kafka-client.js';
import type { IncomingRecord } from './kafka-record.js';
import { readTopic } from './topic-reader.js';

/** The newest event of a ledger that Kafka holds. */
export interface KafkaTail {
  readonly source: string;
  readonly ledgerId: string;
  /** Decimal. */
  readonly position: string;
  /** Lower-case hex. */
  readonly hash: string;
}

/** A batch that was sent again may lie behind newer events; it is not longer than this. */
const LOOK_BACK = 600;

/**
 * How far a ledger has been published, to be compared with its head before it takes appends: one that was
 * restored without its tail is behind. Undefined when the topic holds nothing of it.
 *
 * @throws RehomeError KAFKA_UNAVAILABLE
 */
export async function readKafkaTail(
  client: KafkaClient,
  topic: string,
  ledgerId: string,
): Promise<KafkaTail | undefined> {
  const newest = await readTopic(client, topic, { last: LOOK_BACK });
  let tail: KafkaTail | undefined;
  for (const { headers } of newest) {
    const [source, sequence, hash] = [CE.source, CE.sequence, CE.hash].map((name) => text(headers[name]));
    if (source !== cloudEventSource(ledgerId) || !/^\d+$/.test(sequence ?? '') || sequence === undefined) continue;
    if (tail === undefined || BigInt(sequence) > BigInt(tail.position))
      tail = { source: topic, ledgerId, position: sequence, hash: hash ?? '' };
  }
  return tail;
}

function text(value: IncomingRecord['headers'][string]): string | undefined {
  return Buffer.isBuffer(value) || typeof value === 'string' ? value.toString() : undefined;
}
