import { randomUUID } from 'node:crypto';
import { RehomeError } from '../errors/rehome-error.js';
import { GroupConsumer } from './group-consumer.js';
import type { KafkaClient } from './kafka-client.js';
import type { IncomingRecord } from './kafka-record.js';
import { within } from './waiting.js';

export interface ReadTopicOptions {
  /** Only that many records of each partition, the newest; all when absent. */
  readonly last?: number;
  /** 60 000 when absent. */
  readonly limitMs?: number;
}

/**
 * The records of a topic up to the newest at the time of the call, in offset order per partition. For audits,
 * tests and tools: it holds them all in memory.
 *
 * @throws RehomeError KAFKA_UNAVAILABLE, also when it takes too long
 */
export async function readTopic(
  client: KafkaClient,
  topic: string,
  options: ReadTopicOptions = {},
): Promise<IncomingRecord[]> {
  const limitMs = options.limitMs ?? 60_000;
  const extents = await extentsOf(client, topic);
  const ends = new Map(extents.map(({ partition, high }) => [partition, high]));
  if (ends.size === 0) return [];
  const records: IncomingRecord[] = [];
  let complete: () => void;
  const completed = new Promise<void>((resolve) => (complete = resolve));
  const groupId = `${client.address.clientId}-read-${randomUUID()}`;
  const consumer = new GroupConsumer(client, {
    groupId,
    topics: [topic],
    onBatch: (batch) => {
      const end = ends.get(batch.partition) ?? 0n;
      records.push(...batch.records.filter(({ offset }) => offset < end));
      const next = (batch.records.at(-1)?.offset ?? -1n) + 1n;
      if (next >= end) ends.delete(batch.partition);
      if (ends.size === 0) complete();
      return Promise.resolve({ next });
    },
  });
  try {
    if (options.last !== undefined) await beginAt(client, groupId, { topic, extents, last: options.last });
    consumer.start();
    await within(
      limitMs,
      completed,
      () => new RehomeError('KAFKA_UNAVAILABLE', `topic ${topic} was not read within ${String(limitMs)} ms`),
    );
  } finally {
    await consumer.close();
    await forget(client, groupId);
  }
  return records;
}

interface Extent {
  readonly partition: number;
  readonly low: bigint;
  /** Behind the newest record. */
  readonly high: bigint;
}

/** Of the partitions that hold any record. */
async function extentsOf(client: KafkaClient, topic: string): Promise<Extent[]> {
  const offsets = await client.withAdmin((admin) => admin.fetchTopicOffsets(topic));
  return offsets
    .map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }))
    .filter(({ low, high }) => high > low);
}

/** The group begins there instead of at the oldest record. */
async function beginAt(
  client: KafkaClient,
  groupId: string,
  at: { topic: string; extents: readonly Extent[]; last: number },
): Promise<void> {
  const partitions = at.extents.map(({ partition, low, high }) => {
    const wanted = high - BigInt(at.last);
    return { partition, offset: String(wanted > low ? wanted : low) };
  });
  await client.withAdmin((admin) => admin.setOffsets({ groupId, topic: at.topic, partitions }));
}

async function forget(client: KafkaClient, groupId: string): Promise<void> {
  await client
    .withAdmin((admin) => admin.deleteGroups([groupId]))
    .catch((error: unknown) => {
      client.logger.debug({ err: error, groupId }, 'kafka group not deleted');
    });
}
