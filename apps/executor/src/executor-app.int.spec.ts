import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EMPTY_PLAN } from '../../../test/harness/empty-plan.js';
import { ExecutorRig } from '../../../test/harness/executor-rig.js';
import { until } from '../../../test/harness/messaging-test-kit.js';
import { TcpProxy } from '../../../test/harness/tcp-proxy.js';
import { ExecutorApp } from './executor-app.js';
import { readExecutorConfig } from './executor.config.js';
import type { Readiness } from './health/executor-health.js';

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

  it('describes its calls to people and to programs', async () => {
    const url = await running().app.url();
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { readonly paths: object };
    expect(Object.keys(document.paths).sort()).toEqual(['/health/live', '/health/ready', '/metrics']);
    const page = await fetch(`${url}/docs`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  });

  it('answers health, readiness and metrics', async () => {
    const url = await running().app.url();
    const ready = await (await fetch(`${url}/health/ready`)).json();
    expect(ready).toMatchObject({ status: 'ready', checks: { ledger: { status: 'up' }, kafka: { status: 'off' } } });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('rehome_step_attempts_total{kind="describe-plan"');
  });
});

describe('an executor that starts before the ledger', () => {
  let rig: ExecutorRig | undefined;
  let proxy: TcpProxy | undefined;
  let app: ExecutorApp | undefined;

  afterEach(async () => {
    await app?.stop();
    await rig?.close();
    await proxy?.close();
    app = rig = proxy = undefined;
  });

  /** Its way to the ledger, and an executor that takes it. */
  async function listen(extra: Readonly<Record<string, string>> = {}): Promise<{ way: TcpProxy; app: ExecutorApp }> {
    rig = await ExecutorRig.create();
    const { hostname, port } = new URL(rig.ledger.urls.executorUrl);
    proxy = await TcpProxy.to({ host: hostname, port: Number(port) });
    const url = proxy.urlOf(rig.ledger.urls.executorUrl);
    await proxy.close();
    const environment = { REHOME_LEDGER_URL: url, REHOME_LOG_LEVEL: 'silent', ...extra };
    app = await ExecutorApp.listen(readExecutorConfig(rig.environment(environment)));
    return { way: proxy, app };
  }

  const readiness = async (of: ExecutorApp) => {
    const answer = await fetch(`${await of.url()}/health/ready`);
    return { code: answer.status, ...((await answer.json()) as Readiness) };
  };

  it('says that it is not ready, waits, and begins when the ledger answers', async () => {
    const { way, app: waiting } = await listen();
    const begun = waiting.begin();
    expect(await readiness(waiting)).toMatchObject({
      code: 503,
      status: 'unready',
      checks: { ledger: { status: 'down' } },
    });
    await way.open();
    await begun;
    expect(await readiness(waiting)).toMatchObject({ code: 200, status: 'ready' });
  });

  it('ends at once when it is stopped while it waits', async () => {
    const { app: waiting } = await listen();
    const begun = waiting.begin();
    await waiting.stop();
    await begun;
  });

  it('does not wait where waiting mends nothing', async () => {
    const { way, app: refused } = await listen({ REHOME_WORK_ROOT: 'relative' });
    await way.open();
    await expect(refused.begin()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });
});

async function sweepLease(rig: ExecutorRig): Promise<number> {
  const [row] = await rig.ledger.query<{ until: Date }>(
    `select lease_until as until from ledger.cursor where name = 'executor-sweep'`,
  );
  return row?.until.getTime() ?? 0;
}
