import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Kafka, logLevel, type EachMessagePayload } from 'kafkajs';
import { startNativeKafka } from './native-kafka.js';
import type { RunningKafka } from './running-server.js';

describe('a native Kafka broker', () => {
  let kafka: RunningKafka | undefined;
  const client = () =>
    new Kafka({
      brokers: [kafka?.brokers ?? ''],
      logLevel: logLevel.NOTHING,
      retry: { retries: 20, initialRetryTime: 50 },
    });

  beforeAll(async () => {
    kafka = await startNativeKafka();
  }, 90_000);
  afterAll(() => kafka?.stop());

  it('keeps what it acknowledged when it is killed and started again', async () => {
    const admin = client().admin();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic: 'kept', numPartitions: 1 }] });
    await admin.disconnect();
    const producer = client().producer({ idempotent: true });
    await producer.connect();
    await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'still here' }] });
    await producer.disconnect();

    await kafka?.kill9();
    await kafka?.restart();

    const consumer = client().consumer({ groupId: 'reader', maxWaitTimeInMs: 200 });
    await consumer.connect();
    await consumer.subscribe({ topic: 'kept', fromBeginning: true });
    const value = await new Promise<string | undefined>((resolve, reject) => {
      const eachMessage = ({ message }: EachMessagePayload) => {
        resolve(message.value?.toString());
        return Promise.resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    await consumer.disconnect();
    expect(value).toBe('still here');
  }, 60_000);
});
