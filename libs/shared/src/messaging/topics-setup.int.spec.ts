import { describe, expect, it } from '@jest/globals';
import { ConfigResourceTypes } from 'kafkajs';
import { PARTITIONS, TOPICS } from '../contracts/topics.js';
import { openMessagingTestKit } from '../../../../test/harness/messaging-test-kit.js';
import { createTopics } from './topics-setup.js';

describe('topics', () => {
  const kit = openMessagingTestKit();

  it('are created with twelve partitions, kept as the contract says, and never compacted', async () => {
    const topics = TOPICS.map((topic) => ({ ...topic, name: kit.topic(topic.name) }));
    await createTopics(kit.client, { replicationFactor: 1, topics });
    const { resources, metadata } = await kit.client.withAdmin(async (admin) => ({
      metadata: await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) }),
      resources: (
        await admin.describeConfigs({
          includeSynonyms: false,
          resources: topics.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name })),
        })
      ).resources,
    }));
    expect(metadata.topics.map(({ partitions }) => partitions.length)).toEqual(topics.map(() => PARTITIONS));
    const settings = resources.map(({ resourceName, configEntries }) => {
      const valueOf = (name: string) => configEntries.find(({ configName }) => configName === name)?.configValue;
      return { name: resourceName, retentionMs: Number(valueOf('retention.ms')), policy: valueOf('cleanup.policy') };
    });
    expect(settings).toEqual(topics.map((topic) => ({ ...topic, policy: 'delete' })));
  });

  it('may be created again, by several services at once, and only the missing ones are', async () => {
    const [first, second] = [kit.topic('first'), kit.topic('second')].map((name) => ({ name, retentionMs: -1 }));
    if (first === undefined || second === undefined) throw new Error('unreachable');
    await createTopics(kit.client, { replicationFactor: 1, topics: [first] });
    const both = { replicationFactor: 1, topics: [first, second] };
    await Promise.all([createTopics(kit.client, both), createTopics(kit.client, both)]);
    await expect(createTopics(kit.client, both)).resolves.toBeUndefined();
  });

  it('of others that do not fit are all named at once: wrong partitions, compacted', async () => {
    const [narrow, compact] = [kit.topic('narrow'), kit.topic('compact')];
    await kit.client.withAdmin((admin) =>
      admin.createTopics({
        waitForLeaders: false,
        topics: [
          { topic: narrow, numPartitions: 3 },
          { topic: compact, numPartitions: PARTITIONS, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
        ],
      }),
    );
    const topics = [narrow, compact].map((name) => ({ name, retentionMs: -1 }));
    const failure: unknown = await createTopics(kit.client, { replicationFactor: 1, topics }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'CONFIGURATION_INVALID' });
    expect(String(failure)).toMatch(new RegExp(`${narrow} has 3 partitions.*${compact} is compacted`));
  });
});
