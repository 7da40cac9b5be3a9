import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REQUESTS_TOPIC, deadLetterTopic } from '#shared/contracts/topics.js';
import { REHOME_NAMESPACE, uuidV5 } from '#shared/contracts/uuid.js';
import type { OutgoingRecord } from '#shared/messaging/kafka-record.js';
import { RecordSender } from '#shared/messaging/record-sender.js';
import { readTopic } from '#shared/messaging/topic-reader.js';
import { readEventsUpTo, type EventsTopicReading, type PublishedEvent } from '../harness/events-topic-reader.js';
import { MoveWorld } from '../harness/move-world.js';
import type { MigrationBody } from '../../scripts/quickstart/migration-body.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const SOURCE = '/billing/subscriptions';
const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
/** Everything on one partition: what is wrong with a record must not hold up those behind it. */
const PARTITION = 3;

let world: MoveWorld | undefined;
let sender: RecordSender | undefined;
let tenants: readonly [SampleTenant, SampleTenant];
const requests = { binary: randomUUID(), structured: `order/${randomUUID()} ü` };
const poison = { noJson: randomUUID(), unknownKind: randomUUID(), unknownTenant: randomUUID() };
let published: readonly PublishedEvent[];
let gaps: number;

function given(): MoveWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

function migrationIdOf(requestId: string): string {
  return uuidV5(uuidV5(REHOME_NAMESPACE, SOURCE), requestId);
}

function upgradeOf({ instanceId }: SampleTenant): object {
  return { kind: 'upgrade', instanceId, toPlan: 'premium' };
}

function binary(id: string, value: string): OutgoingRecord {
  return {
    topic: REQUESTS_TOPIC,
    partition: PARTITION,
    key: 'subject',
    value,
    headers: {
      ce_specversion: '1.0',
      ce_type: 'rehome.request',
      ce_source: SOURCE,
      ce_id: id,
      'content-type': 'application/json',
      traceparent: TRACE,
    },
  };
}

function structured(id: string, data: object): OutgoingRecord {
  const envelope = {
    specversion: '1.0',
    id,
    source: SOURCE,
    type: 'rehome.request',
    datacontenttype: 'application/json',
    data,
  };
  return {
    topic: REQUESTS_TOPIC,
    partition: PARTITION,
    key: 'subject',
    value: JSON.stringify(envelope),
    headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
  };
}

/** Sends good and bad in one go, the good ones twice. */
async function publish([one, other]: typeof tenants): Promise<void> {
  sender = new RecordSender(given().kafka());
  const good = [
    binary(requests.binary, JSON.stringify(upgradeOf(one))),
    structured(requests.structured, upgradeOf(other)),
  ];
  await sender.send([
    { topic: REQUESTS_TOPIC, partition: PARTITION, key: null, value: 'no CloudEvent at all', headers: {} },
    binary(poison.noJson, '{"kind": "upgrade"'),
    binary(poison.unknownKind, '{"kind": "teleport"}'),
    ...good,
    binary(poison.unknownTenant, JSON.stringify({ kind: 'upgrade', instanceId: 'nobody', toPlan: 'premium' })),
    ...good,
  ]);
}

/** Everything that the relay has published, up to the head of the ledger. */
async function readPublished(): Promise<EventsTopicReading> {
  const { headPosition } = await given().planner.call<{ headPosition: string }>('GET', '/v1/audit/verify');
  return readEventsUpTo(given().kafka(), BigInt(headPosition));
}

beforeAll(async () => {
  world = await MoveWorld.start();
  tenants = [await world.tenant(), await world.tenant()];
  await publish(tenants);
  await Promise.all(Object.values(requests).map((id) => given().ended(migrationIdOf(id))));
  ({ events: published, gaps } = await readPublished());
}, 240_000);

afterAll(async () => {
  await sender?.close();
  await world?.stop();
}, 60_000);

describe.each(['binary', 'structured'] as const)('a request as a CloudEvent in %s mode', (mode) => {
  const requestId = requests[mode];
  let body: MigrationBody;
  beforeAll(async () => {
    body = await given().migration(migrationIdOf(requestId));
  });

  it('moves the tenant, under the id that follows from ce_source and ce_id [c1 c4]', () => {
    expect(body).toMatchObject({ status: 'completed', requestedBy: `source:${SOURCE}`, kind: 'upgrade' });
    expect(body.result?.certificate).toMatchObject({ connections: { old: 0 }, verification: { mismatches: 0 } });
  });

  it('has its ce_id as ce_correlationid on every event, in order on one partition, up to the end', () => {
    const mine = published.filter(({ extensions }) => extensions['correlationid'] === requestId);
    const ofMigration = published.filter(({ key }) => key === body.migrationId);
    expect(mine.map(({ id }) => id)).toEqual(expect.arrayContaining(ofMigration.map(({ id }) => id)));
    expect(new Set(ofMigration.map(({ partition }) => partition)).size).toBe(1);
    expect(ofMigration[0]?.type).toBe('rehome.MigrationRequested.v1');
    expect(ofMigration.at(-1)?.type).toBe('rehome.MigrationCompleted.v1');
    const types = mine.map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['rehome.InstanceMoved.v1', 'rehome.StepSucceeded.v1']));
  });

  it('is one migration although it came twice', () => {
    const requested = published.filter(
      ({ type, extensions }) => type === 'rehome.MigrationRequested.v1' && extensions['correlationid'] === requestId,
    );
    expect(requested).toHaveLength(1);
  });
});

describe('the requests topic', () => {
  it('carries the trace of a request to its events', () => {
    const moved = published.find(
      ({ type, extensions }) => type === 'rehome.InstanceMoved.v1' && extensions['correlationid'] === requests.binary,
    );
    expect(moved?.extensions['traceparent']).toBe(TRACE);
  });

  it('puts what cannot be used aside, unchanged, with the reason and where it lay', async () => {
    const letters = await readTopic(given().kafka(), deadLetterTopic(REQUESTS_TOPIC));
    const values = letters.map(({ value }) => value?.toString());
    expect(values).toEqual([
      'no CloudEvent at all',
      '{"kind": "upgrade"',
      '{"kind": "teleport"}',
      expect.stringContaining('nobody'),
    ]);
    for (const { headers, partition } of letters) {
      expect(partition).toBe(PARTITION);
      expect(String(headers['dlq-topic'])).toBe(REQUESTS_TOPIC);
      expect(String(headers['dlq-partition'])).toBe(String(PARTITION));
      expect(String(headers['dlq-offset'])).toMatch(/^\d+$/);
      expect(String(headers['dlq-reason'])).toMatch(/^[A-Z_]+: ./);
    }
  });

  it.each([
    ['noJson', 'REQUEST_UNREADABLE'],
    ['unknownKind', 'KIND_UNKNOWN'],
    ['unknownTenant', 'INSTANCE_UNKNOWN'],
  ] as const)('tells the publisher of %s by CommandRejected on intake-<ce_id>', (which, code) => {
    const id = poison[which];
    const rejected = published.filter(({ subject }) => subject === `intake-${id}`);
    expect(rejected).toMatchObject([
      {
        type: 'rehome.CommandRejected.v1',
        extensions: { correlationid: id },
        data: { requestId: id, source: SOURCE, reason: { code } },
      },
    ]);
  });

  it('loses nothing: the sequence on the events topic has no gap', () => {
    expect(gaps).toBe(0);
  });
});
