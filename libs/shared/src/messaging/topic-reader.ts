import { randomUUID } from 'node:crypto';
import { RehomeError } from '../errors/rehome-error.js';
import { type Beginning, GroupConsumer } from './group-consumer.js';
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
  const reached = new Map<number, bigint>();
  let complete: () => void;
  const completed = new Promise<void>((resolve) => (complete = resolve));
  const groupId = `${client.address.clientId}-read-${randomUUID()}`;
  const consumer = new GroupConsumer(client, {
    groupId,
    topics: [topic],
    ...(options.last === undefined ? {} : { beginAt: beginningOf(topic, extents, options.last) }),
    onBatch: (batch) => {
      // A consumer that was rebuilt in between may bring a batch a second time.
      const [from, end] = [reached.get(batch.partition) ?? 0n, ends.get(batch.partition) ?? 0n];
      records.push(...batch.records.filter(({ offset }) => offset >= from && offset < end));
      const next = (batch.records.at(-1)?.offset ?? -1n) + 1n;
      reached.set(batch.partition, next);
      if (next >= end) ends.delete(batch.partition);
      if (ends.size === 0) complete();
      return Promise.resolve({ next });
    },
  });
  try {
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

function beginningOf(topic: string, extents: readonly Extent[], last: number): Beginning {
  return extents.map(({ partition, low, high }) => {
    const wanted = high - BigInt(last);
    return { topic, partition, offset: wanted > low ? wanted : low };
  });
}

async function forget(client: KafkaClient, groupId: string): Promise<void> {
  await client
    .withAdmin((admin) => admin.deleteGroups([groupId]))
    .catch((error: unknown) => {
      client.logger.debug({ err: error, groupId }, 'kafka group not deleted');
    });
}
