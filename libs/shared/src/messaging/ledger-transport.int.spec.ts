import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { Controller, type INestMicroservice, Module, UseFilters } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { IsString } from 'class-validator';
import { randomUUID } from 'node:crypto';
import { toPosition } from '../contracts/ids.js';
import { RehomeError } from '../errors/rehome-error.js';
import { KafkaClient } from './kafka-client.js';
import { LedgerTransportStrategy } from './ledger-transport.strategy.js';
import { validated } from './message-parser.js';
import { openMessagingTestKit, until } from '../../../../test/harness/messaging-test-kit.js';
import { publishedBy } from './published-by.js';
import { RecordContext } from './record-context.js';
import { RecordSender } from './record-sender.js';
import type { Rejection } from './rejection.js';
import { RpcErrors } from './rpc-errors.filter.js';
import { readTopic } from './topic-reader.js';

class Order {
  @IsString()
  kind!: string;
}

type Handler = (data: Order, context: RecordContext) => Promise<void>;
let handler: Handler;

@Controller()
@UseFilters(RpcErrors)
class Orders {
  @EventPattern<string>('rehome.request')
  accept(@Payload() data: Order, @Ctx() context: RecordContext): Promise<void> {
    return handler(data, context);
  }

  @EventPattern<string>('rehome.StepCommanded.v1')
  command(@Payload() data: Order, @Ctx() context: RecordContext): Promise<void> {
    return handler(data, context);
  }
}

@Module({ controllers: [Orders] })
class OrdersModule {}

describe('the ledger transport', () => {
  const kit = openMessagingTestKit();
  const sender = new RecordSender(kit.client);
  let running: { app: INestMicroservice; transport: LedgerTransportStrategy } | undefined;
  let rejections: Rejection[];

  afterEach(async () => {
    await running?.app.close();
    running = undefined;
  });
  afterAll(() => sender.close());

  async function listen(topic: string, groupId = `${topic}-group`): Promise<LedgerTransportStrategy> {
    rejections = [];
    const transport = new LedgerTransportStrategy({
      client: kit.client,
      groupId,
      topics: [topic],
      parsers: { 'rehome.request': validated(Order) },
      onRejected: (rejection) => Promise.resolve(void rejections.push(rejection)),
    });
    const app = await NestFactory.createMicroservice(OrdersModule, { strategy: transport, logger: false });
    await app.listen();
    running = { app, transport };
    return transport;
  }

  const send = (topic: string, headers: Record<string, string>, value: string | null, key = 'k'): Promise<void> =>
    sender.send([{ topic, key, value, headers }]);

  const attributes = (id: string, type = 'rehome.request'): Record<string, string> => ({
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: 'shop',
    ce_type: type,
  });

  const order = (topic: string, id: string, key?: string): Promise<void> =>
    send(topic, attributes(id), '{"kind":"upgrade"}', key);

  it('gives a handler the validated data, the raw record and the event, and commits behind it', async () => {
    const topic = await kit.createTopic('requests');
    const seen: [Order, RecordContext][] = [];
    handler = (data, context) => Promise.resolve(void seen.push([data, context]));
    const transport = await listen(topic);
    await order(topic, 'a-1');
    await until(() => seen.length === 1);
    const [data, context] = seen[0] ?? [];
    expect(data).toBeInstanceOf(Order);
    expect(context).toMatchObject({
      topic,
      offset: 0n,
      event: { id: 'a-1', type: 'rehome.request', data: { kind: 'upgrade' } },
    });
    expect(transport.health.state).toBe('running');
    await until(async () => (await kit.committed(`${topic}-group`, topic)) === 1n);
    await running?.app.close();
    expect(transport.health.state).toBe('stopped');

    await listen(topic);
    await order(topic, 'a-2');
    await until(() => seen.length === 2);
    expect(seen.map(([, { event }]) => event.id)).toEqual(['a-1', 'a-2']);
  });

  it('reads records that lay in the topic before its group existed', async () => {
    const topic = await kit.createTopic('earlier');
    await order(topic, 'before');
    const seen: string[] = [];
    handler = (_data, { event }) => Promise.resolve(void seen.push(event.id));
    await listen(topic);
    await until(() => seen.length === 1);
    expect(seen).toEqual(['before']);
  });

  it('puts every sort of poison aside with its reason and goes on behind it', async () => {
    const topic = await kit.createTopic('poison');
    const seen: string[] = [];
    handler = (_data, { event }) => Promise.resolve(void seen.push(event.id));
    await listen(topic);
    const { ce_type: _type, ...untyped } = attributes('p-2');
    const poison: [Record<string, string>, string | null, RegExp][] = [
      [attributes('p-1'), 'not json', /^REQUEST_UNREADABLE: the value .* is not JSON$/],
      [untyped, '{}', /^REQUEST_INVALID: the required attribute type/],
      [attributes('p-3', 'rehome.gossip'), '{}', /^REQUEST_INVALID: type "rehome.gossip" is not known here/],
      [
        attributes('p-4', 'rehome.StepCommanded.v2'),
        '{}',
        /^REQUEST_INVALID: version 2 of rehome.StepCommanded is not known here; known: rehome.StepCommanded.v1$/,
      ],
      [
        attributes('p-5'),
        '{"kind":7}',
        /^REQUEST_INVALID: rehome.request is not valid: \/kind: kind must be a string$/,
      ],
      [attributes('p-6'), '[]', /^REQUEST_INVALID: .*must be a JSON object$/],
      [attributes('p-7'), null, /^REQUEST_UNREADABLE: the value is missing$/],
      [{}, '{}', /^REQUEST_INVALID: not a CloudEvent/],
      [{ 'content-type': 'application/cloudevents+json' }, '{"id":"p-9","source":"shop"', /^REQUEST_UNREADABLE/],
      [
        { 'content-type': 'application/cloudevents+json' },
        '{"id":"p-10","source":"shop","data":1}',
        /^REQUEST_INVALID.*specversion/,
      ],
    ];
    for (const [headers, value] of poison) await send(topic, headers, value);
    await order(topic, 'healthy');
    await until(() => seen.length === 1);
    expect(seen).toEqual(['healthy']);

    const dead = await readTopic(kit.client, `${topic}.dlq`);
    expect(dead).toHaveLength(poison.length);
    dead.forEach((record, index) => {
      const [headers, value, reason] = poison[index] ?? [];
      const {
        'dlq-reason': why,
        'dlq-topic': from,
        'dlq-partition': partition,
        'dlq-offset': offset,
        ...rest
      } = kit.headersOf(record);
      expect(why).toMatch(reason ?? /never/);
      expect({ rest, value: record.value?.toString() ?? null, key: record.key?.toString() }).toEqual({
        rest: headers,
        value,
        key: 'k',
      });
      expect({ from, partition, offset }).toEqual({
        from: topic,
        partition: String(record.partition),
        offset: String(index),
      });
    });
    expect(rejections.map(({ requestId }) => requestId)).toEqual([
      'p-1',
      'p-2',
      'p-3',
      'p-4',
      'p-5',
      'p-6',
      'p-7',
      `${topic}[${String(dead[0]?.partition)}]@7`,
      `${topic}[${String(dead[0]?.partition)}]@8`,
      'p-10',
    ]);
    expect(rejections.map(({ source }) => source)).toEqual([
      'shop',
      'shop',
      'shop',
      'shop',
      'shop',
      'shop',
      'shop',
      'unknown',
      'unknown',
      'shop',
    ]);
  });

  it('pauses on an infrastructure error, drops nothing and keeps the order of a key; others are handled meanwhile', async () => {
    const topic = await kit.createTopic('outage');
    const [first, other] = kit.keysOfDifferentPartitions();
    const seen: string[] = [];
    let down = true;
    let refused = 0;
    handler = (_data, { event }) => {
      if (down && event.id.startsWith('waits')) {
        refused += 1;
        return Promise.reject(new RehomeError('LEDGER_UNAVAILABLE', 'the ledger does not answer'));
      }
      return Promise.resolve(void seen.push(event.id));
    };
    for (const id of ['waits-1', 'waits-2', 'waits-3']) await order(topic, id, first);
    await listen(topic);
    await until(() => refused >= 2);
    await order(topic, 'other', other);
    await until(() => seen.includes('other'));
    expect(seen).toEqual(['other']);
    down = false;
    await until(() => seen.length === 4);
    expect(seen).toEqual(['other', 'waits-1', 'waits-2', 'waits-3']);
    expect(rejections).toEqual([]);
    expect(await readTopic(kit.client, `${topic}.dlq`)).toHaveLength(0);
  });

  it('tries a record again whose handler has a bug and puts it aside when the bug stays', async () => {
    const topic = await kit.createTopic('bug');
    const seen: string[] = [];
    let tries = 0;
    handler = (_data, { event }) => {
      if (event.id !== 'bug') return Promise.resolve(void seen.push(event.id));
      tries += 1;
      throw new TypeError('cannot read properties of undefined');
    };
    await listen(topic);
    await order(topic, 'bug');
    await order(topic, 'healthy');
    await until(() => seen.length === 1);
    expect(tries).toBe(5);
    expect(rejections.map(({ failure }) => failure.code)).toEqual(['INTERNAL']);
  });

  it('delivers a duplicate to the handler: to know it is the business of the inbox', async () => {
    const topic = await kit.createTopic('duplicate');
    const seen: string[] = [];
    handler = (_data, { event }) => Promise.resolve(void seen.push(event.id));
    await listen(topic);
    await order(topic, 'same');
    await order(topic, 'same');
    await until(() => seen.length === 2);
    expect(seen).toEqual(['same', 'same']);
  });

  it('goes on behind a handler that never answers once it answers again', async () => {
    const topic = await kit.createTopic('hanging');
    const seen: string[] = [];
    let hang = true;
    handler = (_data, { event }) => (hang ? new Promise(() => undefined) : Promise.resolve(void seen.push(event.id)));
    const transport = new LedgerTransportStrategy({
      client: kit.client,
      groupId: `${topic}-group`,
      topics: [topic],
      onRejected: () => Promise.resolve(),
      handlerLimitMs: 100,
      observe: ({ outcome }) => {
        if (outcome === 'again') hang = false;
      },
    });
    const app = await NestFactory.createMicroservice(OrdersModule, { strategy: transport, logger: false });
    await app.listen();
    running = { app, transport };
    await order(topic, 'a');
    await until(() => seen.length === 1);
    expect(seen).toEqual(['a']);
  });

  it('hands its partitions over at once when it is closed', async () => {
    const topic = await kit.createTopic('hand-over');
    const groupId = `group-${randomUUID()}`;
    handler = () => Promise.resolve();
    const first = await listen(topic, groupId);
    await until(() => first.health.assigned.length > 0);
    const { app } = running ?? {};
    const second = await listen(topic, groupId);
    await until(() => second.health.assigned.flatMap(({ partitions }) => partitions).length === 6);
    await app?.close();
    // It has left; one that had not would be a member until its session runs out, 6 s later.
    const { groups } = await kit.client.withAdmin((admin) => admin.describeGroups([groupId]));
    expect(groups.map(({ members }) => members.length)).toEqual([1]);
    await until(() => second.health.assigned.flatMap(({ partitions }) => partitions).length === 12);
  });

  it('passes over what another ledger published, without a dead letter', async () => {
    const topic = await kit.createTopic('foreign');
    const seen: string[] = [];
    const outcomes: string[] = [];
    handler = (_data, { event }) => Promise.resolve(void seen.push(event.id));
    const head = () => Promise.resolve({ ledgerId: 'mine', epoch: 1, position: toPosition(0), hash: '' });
    const transport = new LedgerTransportStrategy({
      client: kit.client,
      groupId: `${topic}-group`,
      topics: [topic],
      accepts: publishedBy({ head }),
      onRejected: () => Promise.resolve(),
      observe: ({ outcome }) => outcomes.push(outcome),
    });
    const app = await NestFactory.createMicroservice(OrdersModule, { strategy: transport, logger: false });
    await app.listen();
    running = { app, transport };
    await send(topic, { ...attributes('theirs'), ce_source: 'rehome/other' }, '{"kind":"upgrade"}');
    await send(topic, { ...attributes('ours'), ce_source: 'rehome/mine' }, '{"kind":"upgrade"}');
    await until(() => outcomes.length === 2);
    expect([seen, outcomes]).toEqual([['ours'], ['passed-over', 'accepted']]);
    expect(await readTopic(kit.client, `${topic}.dlq`)).toEqual([]);
  });

  it('starts without Kafka, says so and can be closed', async () => {
    const transport = new LedgerTransportStrategy({
      client: new KafkaClient({ brokers: ['127.0.0.1:9'], clientId: 'nobody' }, kit.client.logger),
      groupId: 'g',
      topics: ['t'],
      onRejected: () => Promise.resolve(),
    });
    const app = await NestFactory.createMicroservice(OrdersModule, { strategy: transport, logger: false });
    await app.listen();
    expect(transport.health).toEqual({ state: 'starting', lastHeartbeatAt: undefined, assigned: [] });
    const closedAt = Date.now();
    await app.close();
    // A close that waits in vain is given up after 6 s.
    expect(Date.now() - closedAt).toBeLessThan(5_500);
  });
});
