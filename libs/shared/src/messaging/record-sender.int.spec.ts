import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger } from '../observability/logger.js';
import { KafkaClient } from './kafka-client.js';
import { RecordSender } from './record-sender.js';
import { createTopics } from './topics-setup.js';
import { readTopic } from './topic-reader.js';

const brokers = (process.env['REHOME_KAFKA_BROKERS'] ?? '127.0.0.1:39192').split(',');
const client = new KafkaClient({ brokers, clientId: 'x' }, silentLogger());
const topic = `t-${String(Date.now())}`;

describe('x', () => {
  const sender = new RecordSender(client);
  beforeAll(async () => {
    await createTopics(client, { replicationFactor: 1, topics: [{ name: topic, retentionMs: -1 }] });
    await createTopics(client, {
      replicationFactor: 1,
      topics: [
        { name: topic, retentionMs: -1 },
        { name: `${topic}.dlq`, retentionMs: -1 },
      ],
    });
  });
  afterAll(async () => {
    await sender.close();
  });
  it('sends', async () => {
    for (let i = 0; i < 50; i++) {
      const t = performance.now();
      await sender.send([{ topic, key: `k${String(i % 7)}`, value: `${String(i)}`, headers: { a: 'b' } }]);
      if (i % 10 === 0) console.log(performance.now() - t);
    }
    const t = performance.now();
    const read = await readTopic(client, topic);
    console.log('read', performance.now() - t);
    expect(read).toHaveLength(50);
  });
});
