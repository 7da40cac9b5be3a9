import { randomBytes } from 'node:crypto';
import { silentLogger } from '#shared/observability/logger.js';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import type { IncomingRecord } from '#shared/messaging/kafka-record.js';
import { partitionOf } from '#shared/messaging/partition-of.js';
import { createTopics } from '#shared/messaging/topics-setup.js';
import { runKafkaBrokers } from './run-addresses.js';

/** For tests of `libs/shared/src/messaging`: topics of their own on the Kafka of the run. */
export interface MessagingTestKit {
  readonly client: KafkaClient;
  /** A name that no other test uses. */
  topic(name: string): string;
  /** Creates it with its dead letter topic. */
  createTopic(name: string): Promise<string>;
  headersOf(record: IncomingRecord | undefined): Record<string, string>;
  /** Sum of the offsets that the group has committed. */
  committed(groupId: string, topic: string): Promise<bigint>;
  /** Two keys that lie on different partitions. */
  keysOfDifferentPartitions(): [string, string];
}

/** A silent client. */
export function clientOf(brokers: readonly string[]): KafkaClient {
  return new KafkaClient({ brokers, clientId: 'messaging-test' }, silentLogger());
}

export function openMessagingTestKit(client = clientOf(runKafkaBrokers())): MessagingTestKit {
  const prefix = randomBytes(4).toString('hex');
  const topic = (name: string) => `${prefix}.${name}`;
  return {
    client,
    topic,
    createTopic: async (name: string) => {
      const topics = [topic(name), `${topic(name)}.dlq`].map((each) => ({ name: each, retentionMs: -1 }));
      await createTopics(client, { replicationFactor: 1, topics });
      return topic(name);
    },
    headersOf: (record) =>
      Object.fromEntries(Object.entries(record?.headers ?? {}).map(([name, value]) => [name, String(value)])),
    committed: async (groupId, name) => {
      const [offsets] = await client.withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [name] }));
      return (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + (offset === '-1' ? 0n : BigInt(offset)), 0n);
    },
    keysOfDifferentPartitions,
  };
}

function keysOfDifferentPartitions(): [string, string] {
  const keys = Array.from({ length: 100 }, (_, index) => `key-${String(index)}`);
  const [first = ''] = keys;
  return [first, keys.find((key) => partitionOf(key) !== partitionOf(first)) ?? ''];
}

/** Just below the time-out of a test, whose message would not name the condition. */
const CONDITION_LIMIT_MS = 50_000;

/** Waits until a condition holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + CONDITION_LIMIT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${String(CONDITION_LIMIT_MS)} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
