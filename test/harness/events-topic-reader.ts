import { EVENTS_TOPIC } from '#shared/contracts/topics.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
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
  /** Positions that no partition holds, from 1 to the last one asked for or seen. */
  readonly gaps: number;
  /** Records dropped because their `ce_sequence` is not above the last one of their key. */
  readonly repeats: number;
  /** Of the events; 0 when there is none. */
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

const READ_AGAIN_AFTER_MS = 100;
const GIVE_UP_AFTER_MS = 45_000;

/**
 * What was published up to a position while the relay may still be on its way: the ends of the partitions are not looked up
 * at one moment, so a later event can be seen before an earlier one of another partition. Only what is still missing after
 * 45 s counts as a gap; a topic that is being created is waited for as long.
 *
 * @param head position in the ledger; later events are left out.
 */
export async function readEventsUpTo(
  client: KafkaClient,
  head: bigint,
  topic = EVENTS_TOPIC,
): Promise<EventsTopicReading> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    const reading = await readEventsTopic(client, topic).catch((error: unknown) => {
      if (toRehomeError(error).code === 'KAFKA_UNAVAILABLE' && Date.now() < deadline) return undefined;
      throw error;
    });
    const events = (reading?.events ?? []).filter(({ sequence }) => sequence <= head);
    const gaps = Number(head) - events.length;
    if (gaps === 0 || Date.now() > deadline)
      return { events, gaps, repeats: reading?.repeats ?? 0, lastSequence: events.at(-1)?.sequence ?? 0n };
    await new Promise((resolve) => setTimeout(resolve, READ_AGAIN_AFTER_MS));
  }
}
