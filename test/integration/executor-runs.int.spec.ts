import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StepRunKey } from '#shared/contracts/events.js';
import type { ServiceDefinition } from '#shared/contracts/registry.js';
import { ExecutorApp } from '../../apps/executor/src/executor-app.js';
import { readExecutorConfig } from '../../apps/executor/src/executor.config.js';
import { ExecutorRig } from '../harness/executor-rig.js';
import { StubService } from '../harness/stub-service.js';

let rig: ExecutorRig | undefined;
let service: StubService;
const apps: ExecutorApp[] = [];

const world = (): ExecutorRig => {
  if (rig === undefined) throw new Error('there is no ledger');
  return rig;
};

async function executor(name: string, extra: Readonly<Record<string, string>> = {}): Promise<ExecutorApp> {
  const environment = world().environment({
    REHOME_EXECUTOR_NAME: name,
    REHOME_ALLOWED_HOSTS: '127.0.0.1',
    REHOME_LOG_LEVEL: 'silent',
    ...extra,
  });
  const app = await ExecutorApp.start(readExecutorConfig(environment));
  apps.push(app);
  return app;
}

function definition(extra: Partial<ServiceDefinition> = {}): ServiceDefinition {
  return {
    name: 'odoo',
    control: { driver: 'http', url: service.url },
    configFiles: [],
    stopTimeoutMs: 20_000,
    ...extra,
  };
}

/** A published command to stop the service; it takes as long as the service wants. */
async function stopCommand(
  extra: { key?: Partial<StepRunKey>; timeoutMs?: number; site?: string } = {},
): Promise<StepRunKey> {
  const command = await world().command({ kind: 'stop-service', params: { service: definition() }, ...extra });
  await world().pretendPublished();
  return command.data;
}

async function typesOf(key: StepRunKey): Promise<string[]> {
  return (await world().eventsOf(key)).map(({ type }) => type);
}

async function rowOf({ migrationId, stepId }: StepRunKey): Promise<Record<string, unknown>> {
  const [row] = await world().ledger.query('select * from executor.step_run where migration_id = $1 and step_id = $2', [
    migrationId,
    stepId,
  ]);
  return row ?? {};
}

beforeAll(async () => {
  rig = await ExecutorRig.create();
});

beforeEach(async () => {
  service = await StubService.start();
});

afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
  await service.close();
});

afterAll(async () => {
  await rig?.close();
});

describe('a run of a step', () => {
  it('is worked on once, however often its command comes', async () => {
    await executor('one');
    const key = await stopCommand();
    await world().outcome(key);
    const [command] = (await world().reader.readMigration(key.migrationId as never)).filter(
      ({ type }) => type === 'StepCommanded',
    );
    // The sweep goes back to the start, as after a lost cursor.
    await world().ledger.query(`update ledger.cursor set position = 0 where name = 'executor-sweep'`);
    await world().outcome(await stopCommand());
    expect(command).toBeDefined();
    expect(await typesOf(key)).toEqual(['StepAccepted', 'StepStarted', 'StepSucceeded']);
  });

  it('is given back at a shutdown, and taken over at once under a higher fence', async () => {
    service.ignoresStop = true;
    const first = await executor('first', { REHOME_LEASE_TTL_MS: '60000' });
    const key = await stopCommand();
    await world().until(key, ({ type }) => type === 'StepStarted');
    await first.stop();
    expect(await rowOf(key)).toMatchObject({ state: 'waiting', owner: null, fence: '1' });
    service.ignoresStop = false;
    await executor('second');
    // Far below the lease of the first.
    const end = await world().outcome(key, 20_000);
    expect(end).toMatchObject({ type: 'StepSucceeded', data: { attempt: 2, fence: 2 } });
    expect(await typesOf(key)).toEqual(['StepAccepted', 'StepStarted', 'StepStarted', 'StepSucceeded']);
  });

  it('stops at its next safe point when it is cancelled', async () => {
    service.ignoresStop = true;
    await executor('one');
    const key = await stopCommand();
    await world().until(key, ({ type }) => type === 'StepStarted');
    await world().cancel(key);
    await world().pretendPublished();
    expect(await world().outcome(key)).toMatchObject({ type: 'StepCancelled', data: { attempt: 1 } });
  });

  it('ends without having begun when it is cancelled before', async () => {
    await executor('elsewhere');
    const key = await stopCommand({ site: 'host-9' });
    await world().until(key, ({ type }) => type === 'StepAccepted');
    await world().cancel(key);
    await world().outcome(await stopCommand());
    await executor('there', { REHOME_EXECUTOR_SITE: 'host-9', REHOME_WORK_ROOT: `${world().workRoot}/host-9` });
    expect(await world().outcome(key)).toMatchObject({ type: 'StepCancelled', data: { attempt: 1 } });
    expect(service.calls).toContain('POST /stop');
    expect(service.calls.filter((call) => call === 'POST /stop')).toHaveLength(1);
  });

  it('is tried again with a delay when the service does not answer, and then succeeds', async () => {
    service.failing = 503;
    await executor('one');
    const key = await stopCommand();
    const failed = await world().until(key, ({ type }) => type === 'StepFailed');
    expect(failed).toMatchObject({ data: { final: false, failure: { code: 'SERVICE_UNREACHABLE' } } });
    service.failing = undefined;
    expect(await world().outcome(key)).toMatchObject({ type: 'StepSucceeded' });
  });

  it('fails for good when the next attempt would begin after its deadline', async () => {
    service.failing = 503;
    await executor('one');
    const key = await stopCommand({ timeoutMs: 1_500 });
    expect(await world().outcome(key)).toMatchObject({ type: 'StepFailed', data: { final: true } });
  });

  it('fails for good when it takes longer than it may', async () => {
    service.ignoresStop = true;
    await executor('one');
    const key = await stopCommand({ timeoutMs: 1_000 });
    expect(await world().outcome(key)).toMatchObject({ data: { final: true, failure: { code: 'STEP_TIMED_OUT' } } });
  });

  it('waits for an executor of its site', async () => {
    await executor('elsewhere');
    const key = await stopCommand({ site: 'host-7' });
    const other = await stopCommand();
    // A run that was accepted later is done: the site's own was seen and left.
    await world().outcome(other);
    expect(await typesOf(key)).toEqual(['StepAccepted']);
    // A work root of its own, as every site has.
    await executor('there', { REHOME_EXECUTOR_SITE: 'host-7', REHOME_WORK_ROOT: `${world().workRoot}/host-7` });
    expect(await world().outcome(key)).toMatchObject({ type: 'StepSucceeded' });
    expect((await world().eventsOf(key)).find(({ type }) => type === 'StepStarted')).toMatchObject({
      data: { owner: 'there' },
    });
  });

  it('is refused with what is wrong when this executor cannot run it', async () => {
    await executor('one');
    const command = await world().command({ kind: 'stop-service', params: {} as never });
    await world().pretendPublished();
    const end = await world().outcome(command.data);
    expect(end).toMatchObject({
      type: 'StepFailed',
      data: {
        attempt: 0,
        final: true,
        failure: { code: 'COMMAND_INVALID', detail: 'params of stop-service: service must be an object' },
      },
    });
  });
});

describe('an executor', () => {
  it('that lost its lease aborts, and cannot write an outcome any more', async () => {
    service.ignoresStop = true;
    const app = await executor('zombie');
    const key = await stopCommand();
    // It is amid its work, and not only about to begin.
    await until(() => Promise.resolve(service.calls.includes('POST /stop')));
    // As if it had been stopped for longer than its lease: the row has a new owner at the next beat.
    await world().ledger.query(
      `update executor.step_run set fence = fence + 1, owner = 'another', lease_until = now() + interval '1 minute' where migration_id = $1`,
      [key.migrationId],
    );
    await until(async () => ((await ready(app)).runningSteps ?? 1) === 0);
    expect(await typesOf(key)).toEqual(['StepAccepted', 'StepStarted']);
  });

  it('does not start on a work root that belongs to another site', async () => {
    await executor('of-default');
    const other = executor('of-other', {
      REHOME_EXECUTOR_SITE: 'somewhere',
      REHOME_WORK_ROOT: `${world().workRoot}/somewhere`,
    });
    await other;
    await expect(executor('lost', { REHOME_EXECUTOR_SITE: 'somewhere' })).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
    });
  });
});

async function ready(app: ExecutorApp): Promise<{ runningSteps?: number }> {
  const url = await app.url();
  return (await (await fetch(`${url}/health/ready`)).json()) as { runningSteps?: number };
}

async function until(condition: () => Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('not in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
