import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REQUESTS_TOPIC } from '#shared/contracts/topics.js';
import { REHOME_NAMESPACE, uuidV5 } from '#shared/contracts/uuid.js';
import { RecordSender } from '#shared/messaging/record-sender.js';
import { Canaries } from '../harness/canaries.js';
import { MoveWorld, type MoveEvent } from '../harness/move-world.js';
import { OtlpReceiver, type ReceivedSpan } from '../harness/otlp-receiver.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
const KAFKA_SOURCE = '/billing/traced';
const OWNER_PASSWORD = `canary-traced-${randomBytes(9).toString('base64url')}`;
/** Of the two requesters that trace; the third does not. */
const rest = { traceId: hex(16), spanId: hex(8) };
const kafka = { traceId: hex(16), spanId: hex(8), requestId: randomUUID() };
const traceparentOf = ({ traceId, spanId }: { traceId: string; spanId: string }): string =>
  `00-${traceId}-${spanId}-01`;

let receiver: OtlpReceiver | undefined;
let world: MoveWorld | undefined;
let sender: RecordSender | undefined;
const ids = { rest: '', kafka: uuidV5(uuidV5(REHOME_NAMESPACE, KAFKA_SOURCE), kafka.requestId), untraced: '' };
const events: Record<keyof typeof ids, MoveEvent[]> = { rest: [], kafka: [], untraced: [] };

function given(): MoveWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

function spans(): readonly ReceivedSpan[] {
  return receiver?.spans ?? [];
}

async function ask(tenant: SampleTenant, headers: Record<string, string>): Promise<string> {
  const body = { kind: 'upgrade', instanceId: tenant.instanceId, toPlan: 'premium' };
  return (await given().planner.call<{ migrationId: string }>('POST', '/v1/migrations', body, headers)).migrationId;
}

async function publish({ instanceId }: SampleTenant): Promise<void> {
  sender = new RecordSender(given().kafka());
  await sender.send([
    {
      topic: REQUESTS_TOPIC,
      key: instanceId,
      value: JSON.stringify({ kind: 'upgrade', instanceId, toPlan: 'premium' }),
      headers: {
        ce_specversion: '1.0',
        ce_type: 'rehome.request',
        ce_source: KAFKA_SOURCE,
        ce_id: kafka.requestId,
        'content-type': 'application/json',
        traceparent: traceparentOf(kafka),
      },
    },
  ]);
}

function traceIdOf(event: MoveEvent): string {
  return String(event.metadata['traceparent']).split('-')[1] ?? '';
}

function spanIdOf(event: MoveEvent): string {
  return String(event.metadata['traceparent']).split('-')[2] ?? '';
}

function spanWithId(spanId: string): ReceivedSpan | undefined {
  return spans().find((span) => span.spanId === spanId);
}

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: '200' };
  world = await MoveWorld.start({
    plannerEnv: { ...env, OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' },
    executorEnv: { ...env, OTEL_SERVICE_NAME: 'rehome-executor-a' },
  });
  const [one, two, three] = await Promise.all([
    world.tenant({ ownerPassword: OWNER_PASSWORD }),
    world.tenant(),
    world.tenant(),
  ]);
  ids.rest = await ask(one, { traceparent: traceparentOf(rest) });
  await publish(two);
  ids.untraced = await ask(three, { traceparent: 'nonsense' });
  for (const which of ['rest', 'kafka', 'untraced'] as const) {
    const { status } = await world.ended(ids[which]);
    if (status !== 'completed') throw new Error(`the migration of ${which} is ${status}`);
    events[which] = await world.events(ids[which]);
  }
  const named = Object.values(events).flatMap((list) => list.map(spanIdOf));
  await receiver.until((seen) => {
    const received = new Set(seen.map(({ spanId }) => spanId));
    return named.every((id) => received.has(id));
  });
}, 240_000);

afterAll(async () => {
  await sender?.close();
  await world?.stop();
  await receiver?.stop();
}, 60_000);

describe.each(['rest', 'kafka', 'untraced'] as const)('the trace of a migration (%s)', (which) => {
  it('holds every event of the migration, planner’s and executor’s', () => {
    const traceIds = new Set(events[which].map(traceIdOf));
    expect(traceIds.size).toBe(1);
    if (which !== 'untraced') expect([...traceIds]).toEqual([which === 'rest' ? rest.traceId : kafka.traceId]);
    expect(events[which].filter((event) => spanWithId(spanIdOf(event)) === undefined)).toEqual([]);
  });

  it('begins with the request, under the span of whoever asked', () => {
    const [requested] = events[which];
    const first = spanWithId(requested === undefined ? '' : spanIdOf(requested));
    const expected = {
      rest: { name: 'POST /v1/migrations', kind: 2, parentSpanId: rest.spanId },
      kafka: { name: `process ${REQUESTS_TOPIC}`, kind: 5, parentSpanId: kafka.spanId },
      untraced: { name: 'POST /v1/migrations', kind: 2, parentSpanId: '' },
    };
    expect(first).toMatchObject({ service: 'rehome-planner', ...expected[which] });
  });

  it('leads from the request to the decision to the command to the attempt', () => {
    const [requested] = events[which];
    const commands = events[which].filter(({ type }) => type === 'StepCommanded');
    expect(commands.length).toBeGreaterThan(10);
    for (const command of commands) {
      const decided = spanWithId(spanIdOf(command));
      expect(decided).toMatchObject({
        name: 'decide',
        service: 'rehome-planner',
        parentSpanId: requested === undefined ? '' : spanIdOf(requested),
      });
      const children = spans().filter(({ parentSpanId }) => parentSpanId === decided?.spanId);
      const ofCommand = children.filter(
        ({ attributes }) =>
          attributes['rehome.command_id'] === command.eventId || attributes['cloudevents.event_id'] === command.eventId,
      );
      expect(ofCommand.map(({ name, service }) => `${service}: ${name}`)).toEqual(
        expect.arrayContaining([
          'rehome-executor-a: process rehome.commands.v1',
          `rehome-executor-a: ${String(command.data['direction'])} ${String(command.data['kind'])}`,
        ]),
      );
    }
  });

  it('links each decision to what it answers to', () => {
    const outcomes = new Set(events[which].map(spanIdOf));
    const decisions = spans().filter(
      ({ name, attributes }) => name === 'decide' && attributes['rehome.migration_id'] === ids[which],
    );
    expect(decisions.filter(({ links }) => !links.some(({ spanId }) => outcomes.has(spanId)))).toEqual([]);
  });
});

describe('what is traced', () => {
  it('says how each attempt ended', () => {
    const attempts = spans().filter(({ attributes }) => attributes['rehome.migration_id'] === ids.rest);
    const ran = attempts.filter(({ attributes }) => attributes['rehome.outcome'] === 'succeeded');
    const succeeded = events.rest.filter(({ type }) => type === 'StepSucceeded');
    expect(ran).toHaveLength(succeeded.length);
  });

  it('has a span of its own for what the relay sends, linked to the traces it carries', () => {
    const links = spans().flatMap((span) => (span.name === 'relay send' ? span.links : []));
    const traces = new Set(links.map(({ traceId }) => traceId));
    expect([rest.traceId, kafka.traceId].filter((traceId) => !traces.has(traceId))).toEqual([]);
  });

  it('holds no secret', () => {
    const canaries = new Canaries({
      ownerPassword: OWNER_PASSWORD,
      ...given().stack.apiKeys,
      adminPassword: new URL(given().stack.server('pool-2').adminUrl).password,
    });
    expect(receiver?.bodies.flatMap((body) => canaries.in(body))).toEqual([]);
  });

  it('leaves out probes and scrapes', () => {
    expect(spans().filter(({ name }) => /health|metrics/.test(name))).toEqual([]);
  });
});

describe('the log', () => {
  it('names trace and span on every line of an attempt', () => {
    const lines = given()
      .log('executor')
      .filter((line) => line['migrationId'] === ids.rest && String(line['msg']).startsWith('step attempt'));
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(line['trace_id']).toBe(rest.traceId);
      expect(spanWithId(String(line['span_id']))).toMatchObject({
        attributes: { 'rehome.step_id': line['stepId'], 'rehome.migration_id': ids.rest },
      });
    }
  });

  it('names the trace where the planner takes, decides and answers', () => {
    const lines = given()
      .log('planner')
      .filter((line) => line['trace_id'] === rest.traceId);
    expect(new Set(lines.map((line) => line['msg']))).toEqual(new Set(['call answered', 'decided']));
    expect(lines.filter((line) => spanWithId(String(line['span_id'])) === undefined)).toEqual([]);
  });
});
