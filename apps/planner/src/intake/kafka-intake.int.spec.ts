import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import type { LedgerEvent } from '#shared/contracts/events.js';
import { intakeStream } from '#shared/contracts/streams.js';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import type { OutgoingRecord } from '#shared/messaging/kafka-record.js';
import { RecordSender } from '#shared/messaging/record-sender.js';
import { readTopic } from '#shared/messaging/topic-reader.js';
import { silentLogger } from '#shared/observability/logger.js';
import { readEventsUpTo } from '../../../../test/harness/events-topic-reader.js';
import { PlannerRig } from '../../../../test/harness/planner-rig.js';
import { runKafkaBrokers } from '../../../../test/harness/run-addresses.js';
import { migrationIdOf } from './requests.controller.js';

const SOURCE = '/billing';

let rig: PlannerRig;
let client: KafkaClient;
let sender: RecordSender;
beforeAll(async () => {
  const brokers = runKafkaBrokers();
  rig = await PlannerRig.start({ config: { kafkaBrokers: brokers } });
  client = new KafkaClient({ brokers, clientId: 'test-publisher' }, silentLogger());
  sender = new RecordSender(client);
  // Topics and group stand: a new group begins at the oldest record, so nothing sent from here on is missed.
  await rig.until(async () => (await rig.call('GET', '/health/ready')).json.status === 'ready');
}, 60_000);
afterAll(async () => {
  await sender?.close();
  await rig?.close();
});

interface Published {
  readonly id?: string;
  readonly source?: string;
  readonly data: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function publish({ id = randomUUID(), source = SOURCE, data, headers = {} }: Published): Promise<string> {
  const record: OutgoingRecord = {
    topic: rig.config.topics.requests,
    key: 'one-key-keeps-their-order',
    value: typeof data === 'string' ? data : JSON.stringify(data),
    headers: {
      ce_specversion: '1.0',
      ce_type: 'rehome.request',
      ce_source: source,
      ce_id: id,
      'content-type': 'application/json',
      ...headers,
    },
  };
  await sender.send([record]);
  return id;
}

function rejection(id: string): Promise<LedgerEvent> {
  return eventOn(intakeStream(id), 'CommandRejected');
}

async function eventOn(stream: ReturnType<typeof intakeStream>, type: string): Promise<LedgerEvent> {
  let found: LedgerEvent | undefined;
  await rig.until(async () => {
    found = (await rig.ledger.planner.reader.readStream(stream)).find((event) => event.type === type);
    return found !== undefined;
  });
  return found as LedgerEvent;
}

async function tenant(): Promise<{ kind: string; instanceId: string; toPlan: string }> {
  return { kind: 'upgrade', instanceId: await rig.seedTenant(), toPlan: 'premium' };
}

describe('without any source in the registry', () => {
  it('every request from Kafka is refused, and told how to register who sent it', async () => {
    const id = await publish({ data: { kind: 'upgrade', instanceId: 'acme', toPlan: 'premium' } });
    expect(await rejection(id)).toMatchObject({
      data: { reason: { code: 'FORBIDDEN', detail: expect.stringContaining('PUT /v1/sources/%2Fbilling') } },
    });
  });
});

describe('a request on the requests topic', () => {
  beforeAll(() => rig.seedRegistry());

  it('becomes a migration whose id and correlation follow from ce_source and ce_id [c1]', async () => {
    const id = await publish({
      data: await tenant(),
      headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
    });
    const migrationId = migrationIdOf(SOURCE, id);
    const requested = await rig.event(migrationId, 'MigrationRequested');
    expect(requested).toMatchObject({
      data: { requestedBy: `source:${SOURCE}`, answerStatus: 'migrating' },
      metadata: { correlationId: id, actor: `source:${SOURCE}` },
    });
    const commanded = await rig.event(migrationId, 'StepCommanded');
    expect(commanded.metadata).toMatchObject({
      correlationId: id,
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    });
  });

  it('gets an origin of its own when its publisher tells none, which all of its events carry', async () => {
    const id = await publish({ data: await tenant() });
    const migrationId = migrationIdOf(SOURCE, id);
    const { traceparent } = (await rig.event(migrationId, 'MigrationRequested')).metadata;
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect((await rig.event(migrationId, 'StepCommanded')).metadata.traceparent).toBe(traceparent);
  });

  it('may be a structured CloudEvent', async () => {
    const id = randomUUID();
    const envelope = {
      specversion: '1.0',
      id,
      source: SOURCE,
      type: 'rehome.request',
      datacontenttype: 'application/json',
      data: await tenant(),
    };
    await sender.send([
      {
        topic: rig.config.topics.requests,
        key: id,
        value: JSON.stringify(envelope),
        headers: { 'content-type': 'application/cloudevents+json' },
      },
    ]);
    await rig.event(migrationIdOf(SOURCE, id), 'MigrationRequested');
  });

  it('is one migration however often it comes, also when the registry has changed meanwhile', async () => {
    const data = await tenant();
    const id = await publish({ data });
    const migrationId = migrationIdOf(SOURCE, id);
    await rig.event(migrationId, 'MigrationRequested');
    await rig.put('/v1/entitlements/premium', { dbType: 'dedicated', cpu: 8 });
    await publish({ id, data });
    await publish({ id, data: { kind: 'nonsense' } });
    const marker = await publish({ data: { kind: 'upgrade', instanceId: 'nobody', toPlan: 'premium' } });
    await rejection(marker);
    const events = await rig.events(migrationId);
    expect(events.filter((event) => event.type === 'MigrationRequested')).toHaveLength(1);
  });

  it('waits for a busy subject instead of being refused, unless it says otherwise', async () => {
    const data = await tenant();
    const first = await rig.upgrade(data.instanceId);
    const queued = await publish({ data });
    await rig.event(migrationIdOf(SOURCE, queued), 'MigrationRequested');
    const refused = await publish({ data: { ...data, options: { onBusy: 'refuse' } } });
    expect(await rejection(refused)).toMatchObject({
      data: { reason: { code: 'SUBJECT_BUSY', detail: expect.stringContaining(first.json.migrationId) } },
    });
  });

  it.each([
    ['is no JSON', '{"kind": "upgrade"', 'REQUEST_UNREADABLE'],
    ['has unknown fields', { kind: 'upgrade', instanceId: 'x', toPlan: 'y', extra: 1 }, 'REQUEST_INVALID'],
    ['is of an unknown kind', { kind: 'teleport' }, 'KIND_UNKNOWN'],
    ['names an unknown instance', { kind: 'upgrade', instanceId: 'nobody', toPlan: 'premium' }, 'INSTANCE_UNKNOWN'],
    ['is a list', [1, 2], 'REQUEST_INVALID'],
  ])('that %s is rejected and put aside, and the partition goes on', async (_what, data, code) => {
    const id = await publish({ data });
    const next = await publish({ data: await tenant() });
    expect(await rejection(id)).toMatchObject({
      data: { requestId: id, source: SOURCE, topic: rig.config.topics.requests, reason: { code } },
      metadata: { correlationId: id, actor: `source:${SOURCE}` },
    });
    await rig.event(migrationIdOf(SOURCE, next), 'MigrationRequested');
    const letters = await readTopic(client, `${rig.config.topics.requests}.dlq`);
    const letter = letters.find((record) => String(record.headers['ce_id']) === id);
    expect(String(letter?.value)).toBe(typeof data === 'string' ? data : JSON.stringify(data));
    expect(String(letter?.headers['dlq-reason'])).toMatch(new RegExp(`^${code}: `));
  });

  it('with a ce_id longer than the name of a stream is rejected all the same', async () => {
    const id = `${'€'.repeat(164)}${randomUUID()}`;
    await publish({ id, data: { kind: 'teleport' } });
    const stream = intakeStream(createHash('sha256').update(id).digest('hex'));
    expect(await eventOn(stream, 'CommandRejected')).toMatchObject({
      data: { requestId: id, reason: { code: 'KIND_UNKNOWN' } },
    });
  });
});

describe('the registry’s sources', () => {
  it('say which publisher may ask for what; "*" speaks for all that have no entry of their own', async () => {
    await rig.put(`/v1/sources/${encodeURIComponent('/reports')}`, { kinds: ['backup'] });
    const refused = await publish({ source: '/reports', data: await tenant() });
    expect(await rejection(refused)).toMatchObject({
      data: {
        source: '/reports',
        reason: { code: 'FORBIDDEN', detail: expect.stringContaining('may ask for backup') },
      },
    });
    await rig.put('/v1/sources/*', { kinds: [] });
    await rig.put(`/v1/sources/${encodeURIComponent(SOURCE)}`, { kinds: ['upgrade'] });
    const stranger = await publish({ source: '/stranger', data: await tenant() });
    expect(await rejection(stranger)).toMatchObject({ data: { source: '/stranger', reason: { code: 'FORBIDDEN' } } });
    const known = await publish({ data: await tenant() });
    await rig.event(migrationIdOf(SOURCE, known), 'MigrationRequested');
  });
});

describe('the planner', () => {
  it('publishes every event of the ledger, without a gap', async () => {
    const { position } = await rig.ledger.planner.reader.head();
    expect(await readEventsUpTo(client, position, rig.config.topics.events)).toMatchObject({ gaps: 0 });
  });
});
