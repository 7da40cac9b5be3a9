import { randomUUID } from 'node:crypto';
import { RehomeError } from '../errors/rehome-error.js';
import { GroupConsumer } from './group-consumer.js';
import type { KafkaClient } from './kafka-client.js';
import type { IncomingRecord } from './kafka-record.js';
import { within } from './waiting.js';

/**
 * All records of a topic from the oldest to the newest at the time of the call, in offset order per partition.
 * For audits, tests and tools: it holds them all in memory.
 *
 * @throws RehomeError KAFKA_UNAVAILABLE, also when it takes longer than `limitMs`
 */
export async function readTopic(client: KafkaClient, topic: string, limitMs = 60_000): Promise<IncomingRecord[]> {
  const ends = await endsOf(client, topic);
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

/** Offset behind the newest record of each partition that holds any. */
async function endsOf(client: KafkaClient, topic: string): Promise<Map<number, bigint>> {
  const offsets = await client.withAdmin((admin) => admin.fetchTopicOffsets(topic));
  const filled = offsets.filter(({ high, low }) => BigInt(high) > BigInt(low));
  return new Map(filled.map(({ partition, high }) => [partition, BigInt(high)]));
}

async function forget(client: KafkaClient, groupId: string): Promise<void> {
  await client
    .withAdmin((admin) => admin.deleteGroups([groupId]))
    .catch((error: unknown) => {
      client.logger.debug({ err: error, groupId }, 'kafka group not deleted');
    });
}
