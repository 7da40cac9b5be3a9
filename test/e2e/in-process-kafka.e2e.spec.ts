import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#shared/observability/logger.js';
import { readInProcessConfig, type InProcessConfig } from '../../apps/cli/src/in-process/in-process.config.js';
import { ExecutorApp } from '../../apps/executor/src/executor-app.js';
import { hashKey } from '../../apps/planner/src/auth/api-keys.js';
import { createPlanner, type PlannerApp } from '../../apps/planner/src/planner.app.js';
import { readEventsUpTo, type EventsTopicReading } from '../harness/events-topic-reader.js';
import { InProcessWorld } from '../harness/in-process-world.js';
import { clientOf, until } from '../harness/messaging-test-kit.js';
import { runKafkaBrokers } from '../harness/run-addresses.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const KEY = randomUUID();
const PREFIX = `in-process-${randomBytes(4).toString('hex')}`;
const TOPICS = { requests: `${PREFIX}.requests`, commands: `${PREFIX}.commands`, events: `${PREFIX}.events` };

let world: InProcessWorld | undefined;
let services: { readonly planner: PlannerApp; readonly executor: ExecutorApp } | undefined;

function given(): InProcessWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

/** Planner and executor as services with Kafka, on the ledger, the work root and the keys of the runs in process. */
async function startServices(): Promise<NonNullable<typeof services>> {
  const key = { name: 'test', role: 'operator', keySha256: hashKey(KEY) } as const;
  const config = await readInProcessConfig(given().environment(), { key, verbose: false });
  const planner = await createPlanner(plannerConfig(config), silentLogger());
  await planner.start();
  const executor = await ExecutorApp.start({
    ...config.executor,
    logLevel: 'silent',
    kafkaBrokers: runKafkaBrokers(),
    kafkaGroupPrefix: PREFIX,
    commandsTopic: TOPICS.commands,
    executorPort: 0,
    owner: 'service',
  });
  return { planner, executor };
}

function plannerConfig({ planner: { decidesLater: _later, ...planner } }: InProcessConfig) {
  return { ...planner, kafkaBrokers: runKafkaBrokers(), kafkaGroupPrefix: PREFIX, topics: TOPICS };
}

async function readUpToHead(): Promise<EventsTopicReading> {
  const [head] = await given().query<{ position: string }>('select position from ledger.head');
  return readEventsUpTo(clientOf(runKafkaBrokers()), BigInt(head?.position ?? 0), TOPICS.events);
}

async function count(text: string): Promise<number> {
  const [row] = await given().query<{ count: string }>(`select count(*) as count from ${text}`);
  return Number(row?.count);
}

/** Samples of a counter of the executor, by outcome. */
async function commandsBy(outcome: string): Promise<number> {
  const text = await (await fetch(`${(await services?.executor.url()) ?? ''}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`rehome_commands_total{outcome="${outcome}"}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

function upgradeOf({ instanceId }: SampleTenant): string[] {
  return ['submit', 'upgrade', '--instance', instanceId, '--to-plan', 'premium', '--watch'];
}

beforeAll(async () => {
  world = await InProcessWorld.start();
}, 120_000);

afterAll(async () => {
  await services?.planner.stop();
  await services?.executor.stop();
  await world?.stop();
}, 60_000);

describe('a planner and an executor with Kafka, on a ledger that only runs in process have used', () => {
  let published: EventsTopicReading;
  let commands: number;
  let started: number;

  beforeAll(async () => {
    const tenant = await given().tenant();
    expect(await given().rehome(upgradeOf(tenant))).toMatchObject({ code: 0 });
    commands = await count(`ledger.event where type = 'StepCommanded'`);
    started = await count(`ledger.event where type = 'StepStarted'`);
    services = await startServices();
    published = await readUpToHead();
  }, 240_000);

  it('publish every event from the first position on, without a gap', () => {
    expect(published.gaps).toBe(0);
    expect(published.events[0]?.sequence).toBe(1n);
    expect(published.events.map(({ type }) => type)).toContain('rehome.MigrationCompleted.v1');
  });

  it('get every command a second time, as a duplicate: no step is accepted or started again', async () => {
    await until(async () => (await commandsBy('duplicate')) >= commands);
    expect(await commandsBy('accepted')).toBe(0);
    expect(await commandsBy('rejected')).toBe(0);
    expect(await count(`ledger.event where type = 'StepStarted'`)).toBe(started);
    expect(await count('executor.inbox')).toBe(commands);
  });
});

describe('a run in process beside services on the same ledger', () => {
  it('shares the work with them: every command is accepted once and every step started once', async () => {
    const tenant = await given().tenant();
    expect(await given().rehome(upgradeOf(tenant))).toMatchObject({ code: 0 });
    const commands = await count(`ledger.event where type = 'StepCommanded'`);
    expect(await count('executor.inbox')).toBe(commands);
    expect(await count(`ledger.event where type = 'StepAccepted'`)).toBe(commands);
    expect(await count(`ledger.event where type = 'StepStarted'`)).toBe(commands);
    expect((await tenant.healthy()).connectedTo.port).not.toBe(tenant.options.server.port);
    expect((await readUpToHead()).gaps).toBe(0);
  }, 240_000);
});
