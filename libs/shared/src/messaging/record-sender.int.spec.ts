import { afterAll, describe, expect, it } from '@jest/globals';
import { putAside } from './dead-letters.js';
import { openMessagingTestKit } from '../../../../test/harness/messaging-test-kit.js';
import { partitionOf } from './partition-of.js';
import { RecordSender } from './record-sender.js';
import { readTopic } from './topic-reader.js';

describe('a record sender', () => {
  const kit = openMessagingTestKit();
  const sender = new RecordSender(kit.client);

  afterAll(() => sender.close());

  it('keeps the order of records of one key, also when many callers send at once', async () => {
    const topic = await kit.createTopic('ordered');
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        sender.send([{ topic, key: 'one', value: String(index), headers: { n: String(index) } }]),
      ),
    );
    const read = await readTopic(kit.client, topic);
    expect(new Set(read.map(({ partition }) => partition)).size).toBe(1);
    expect(read.map(({ value }) => Number(value?.toString()))).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  it('puts records of one key on the same partition number of every topic', async () => {
    const topics = [await kit.createTopic('a'), await kit.createTopic('b')];
    const key = '6f1d8a52-1f6e-4d1c-9a66-0b8d7c1e2f3a';
    await sender.send(topics.map((topic) => ({ topic, key, value: 'x', headers: {} })));
    const partitions = (await Promise.all(topics.map((topic) => readTopic(kit.client, topic)))).flat();
    expect(partitions.map(({ partition }) => partition)).toEqual([partitionOf(key), partitionOf(key)]);
  });

  it('goes on after a send that failed, in order', async () => {
    const topic = await kit.createTopic('after-failure');
    const tooLarge = sender.send([{ topic, key: 'k', value: 'x'.repeat(1_100_000), headers: {} }]);
    const next = sender.send([{ topic, key: 'k', value: 'small', headers: {} }]);
    await expect(tooLarge).rejects.toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      facts: { kafkaError: 'MESSAGE_TOO_LARGE' },
    });
    await next;
    expect((await readTopic(kit.client, topic)).map(({ value }) => value?.toString())).toEqual(['small']);
  });

  it('sends nothing when the check right before the send refuses', async () => {
    const topic = await kit.createTopic('checked');
    const check = () => {
      throw new RangeError('lease lost');
    };
    await expect(sender.send([{ topic, key: 'k', value: 'x', headers: {} }], check)).rejects.toThrow('lease lost');
    expect(await readTopic(kit.client, topic)).toEqual([]);
  });

  it('puts the largest record that a topic takes into its dead letter topic, unchanged', async () => {
    const topic = await kit.createTopic('large');
    const value = Buffer.alloc(1_048_000, 0xff);
    await sender.send([{ topic, key: 'k', value, headers: { 'x-raw': Buffer.from([0, 255]) } }]);
    const [record] = await readTopic(kit.client, topic);
    if (record === undefined) throw new Error('nothing was read');
    await putAside(sender, record, { code: 'REQUEST_UNREADABLE', detail: 'not UTF-8' });
    const [dead] = await readTopic(kit.client, `${topic}.dlq`);
    expect(dead?.value?.equals(value)).toBe(true);
    expect(dead?.partition).toBe(record.partition);
    expect(kit.headersOf(dead)).toEqual({
      'x-raw': Buffer.from([0, 255]).toString(),
      'dlq-reason': 'REQUEST_UNREADABLE: not UTF-8',
      'dlq-topic': topic,
      'dlq-partition': String(record.partition),
      'dlq-offset': String(record.offset),
    });
  });
});
