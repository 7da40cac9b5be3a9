import { EVENTS_TOPIC } from '#shared/contracts/topics.js';
import type { CloudEvent } from '#shared/messaging/cloud-event.js';
import { decodeCloudEvent } from '#shared/messaging/decode-cloud-event.js';
import type { KafkaClient } from '#shared/messaging/kafka-client.js';
import { readTopic } from '#shared/messaging/topic-reader.js';

export interface PublishedEvent extends CloudEvent {
  /** Position in the ledger, from `ce_sequence`. */
  readonly sequence: bigint;
  readonly key: string;
  readonly partition: number;
}

export interface EventsTopicReading {
  /** Each event once, in ledger order. */
  readonly events: readonly PublishedEvent[];
  /** Positions between 1 and `lastSequence` that no partition holds. */
  readonly gaps: number;
  /** Records dropped because their `ce_sequence` is not above the last one of their key. */
  readonly repeats: number;
  /** 0 when there is no event. */
  readonly lastSequence: bigint;
}

/**
 * Reads `rehome.events.v1` as the contract tells a consumer to: all partitions from the oldest record to the
 * newest at the time of the call; repeats are dropped, a gap in the sequence is a loss.
 *
 * @param topic of one ledger only: positions of two ledgers cannot be told apart from repeats.
 */
export async function readEventsTopic(client: KafkaClient, topic = EVENTS_TOPIC): Promise<EventsTopicReading> {
  const lastOfKey = new Map<string, bigint>();
  const events: PublishedEvent[] = [];
  let repeats = 0;
  for (const record of await readTopic(client, topic)) {
    const event = decodeCloudEvent(record);
    const key = record.key?.toString() ?? '';
    const sequence = BigInt(event.extensions['sequence'] ?? '');
    if (sequence <= (lastOfKey.get(key) ?? 0n)) {
      repeats += 1;
      continue;
    }
    lastOfKey.set(key, sequence);
    events.push({ ...event, sequence, key, partition: record.partition });
  }
  events.sort((one, other) => Number(one.sequence - other.sequence));
  const lastSequence = events.at(-1)?.sequence ?? 0n;
  return { events, gaps: Number(lastSequence) - events.length, repeats, lastSequence };
}
