import { setTimeout as pause } from 'node:timers/promises';
// By its default export: node cannot see this name of a CommonJS package.
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import { deadLetterTopic, PARTITIONS, TOPICS, type TopicSettings } from '../contracts/topics.js';
import { RehomeError } from '../errors/rehome-error.js';
import type { KafkaClient } from './kafka-client.js';

export interface TopicsSetupOptions {
  /** 1 on a single broker, else 3. */
  readonly replicationFactor: number;
  readonly topics?: readonly TopicSettings[];
}

/** Kafka's own default, said here because the relay and the dead letters count on it. */
export const MAX_MESSAGE_BYTES = 1_048_588;
/** A dead letter is the record and four headers more: the largest record must still fit. */
const MAX_DEAD_LETTER_BYTES = 2 * MAX_MESSAGE_BYTES;
const CREATE_TIMEOUT_MS = 10_000;
const LEADER_PAUSE_MS = 20;

/**
 * Creates the topics that are missing and checks the others. Several services may do so at once.
 *
 * @throws RehomeError KAFKA_UNAVAILABLE
 * @throws RehomeError CONFIGURATION_INVALID when a topic exists with other partitions or is compacted: keys would
 *   move, or history would be lost. All such topics are named at once.
 */
export async function createTopics(client: KafkaClient, options: TopicsSetupOptions): Promise<void> {
  const topics = options.topics ?? TOPICS;
  await client.withAdmin(async (admin) => {
    // `false` means that all of them exist already; kafkajs takes TOPIC_ALREADY_EXISTS for that.
    await admin.createTopics({
      topics: topics.map((topic) => topicConfig(topic, options.replicationFactor)),
      timeout: CREATE_TIMEOUT_MS,
      waitForLeaders: false,
    });
    for (const { name } of topics) await untilLed(admin, name);
    const problems = [...(await wrongPartitions(admin, topics)), ...(await compacted(admin, topics))];
    if (problems.length > 0) throw new RehomeError('CONFIGURATION_INVALID', problems.join('; '));
  });
}

/**
 * A new topic is unknown to its broker for a moment, then refused by its leader; `waitForLeaders` of kafkajs fails
 * at the first and does not look for the second.
 */
async function untilLed(admin: Admin, topic: string): Promise<void> {
  const deadline = Date.now() + CREATE_TIMEOUT_MS;
  for (;;) {
    try {
      await admin.fetchTopicOffsets(topic);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(LEADER_PAUSE_MS);
    }
  }
}

function topicConfig(topic: TopicSettings, replicationFactor: number): ITopicConfig {
  return {
    topic: topic.name,
    numPartitions: PARTITIONS,
    replicationFactor,
    configEntries: [
      { name: 'cleanup.policy', value: 'delete' },
      { name: 'retention.ms', value: String(topic.retentionMs) },
      {
        name: 'max.message.bytes',
        value: String(isDeadLetterTopic(topic.name) ? MAX_DEAD_LETTER_BYTES : MAX_MESSAGE_BYTES),
      },
    ],
  };
}

function isDeadLetterTopic(name: string): boolean {
  return name.endsWith(deadLetterTopic(''));
}

async function wrongPartitions(admin: Admin, topics: readonly TopicSettings[]): Promise<string[]> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
  return found
    .filter(({ partitions }) => partitions.length !== PARTITIONS)
    .map(
      ({ name, partitions }) =>
        `topic ${name} has ${String(partitions.length)} partitions instead of ${String(PARTITIONS)}; ` +
        'move it away and let Rehome create it: a key must never change its partition',
    );
}

async function compacted(admin: Admin, topics: readonly TopicSettings[]): Promise<string[]> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: ['cleanup.policy'],
    })),
  });
  return resources
    .filter(({ configEntries }) => configEntries.some(({ configValue }) => configValue.includes('compact')))
    .map(
      ({ resourceName }) =>
        `topic ${resourceName} is compacted, which deletes history; set its cleanup.policy to "delete"`,
    );
}
