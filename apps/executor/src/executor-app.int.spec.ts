import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ExecutorRig } from '../../../test/harness/executor-rig.js';
import { until } from '../../../test/harness/messaging-test-kit.js';
import { ExecutorApp } from './executor-app.js';
import { readExecutorConfig } from './executor.config.js';

const EMPTY_PLAN = {
  planVersion: 1,
  kind: 'upgrade',
  recipeVersion: 1,
  title: 'nothing',
  steps: [],
  reservations: [],
  checks: [],
  warnings: [],
  outcome: {},
} as const;

describe('an executor without Kafka', () => {
  let started: { rig: ExecutorRig; app: ExecutorApp } | undefined;
  const running = () => {
    if (started === undefined) throw new Error('the executor did not start');
    return started;
  };

  beforeAll(async () => {
    const rig = await ExecutorRig.create();
    started = { rig, app: await ExecutorApp.start(readExecutorConfig(rig.environment())) };
  });

  afterAll(async () => {
    await started?.app.stop();
    await started?.rig.close();
  });

  it('starts nothing that was not published', async () => {
    const { rig } = running();
    const command = await rig.command({ kind: 'describe-plan', params: { plan: EMPTY_PLAN } });
    // The sweep looks several times between two renewals of its lease.
    const first = await sweepLease(rig);
    await until(async () => (await sweepLease(rig)) > first);
    expect(await rig.eventsOf(command.data)).toEqual([]);
  });

  it('runs a published command that Kafka never brought, once', async () => {
    const { rig } = running();
    const command = await rig.command({ kind: 'describe-plan', params: { plan: EMPTY_PLAN } });
    await rig.pretendPublished();
    const end = await rig.outcome(command.data);
    expect(end).toMatchObject({ type: 'StepSucceeded', data: { attempt: 1, fence: 1, result: { steps: [] } } });
    const types = (await rig.eventsOf(command.data)).map(({ type }) => type);
    expect(types).toEqual(['StepAccepted', 'StepStarted', 'StepSucceeded']);
  });

  it('answers health, readiness and metrics', async () => {
    const url = await running().app.url();
    const ready = await (await fetch(`${url}/health/ready`)).json();
    expect(ready).toMatchObject({ status: 'ready', checks: { ledger: { status: 'up' }, kafka: { status: 'off' } } });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('rehome_step_attempts_total{kind="describe-plan"');
  });
});

async function sweepLease(rig: ExecutorRig): Promise<number> {
  const [row] = await rig.ledger.query<{ until: Date }>(
    `select lease_until as until from ledger.cursor where name = 'executor-sweep'`,
  );
  return row?.until.getTime() ?? 0;
}
