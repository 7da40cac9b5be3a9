import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CliRig } from '../harness/cli-rig.js';
import { PlannerRig } from '../harness/planner-rig.js';
import { TcpProxy } from '../harness/tcp-proxy.js';

/** What people see while something is not over: the executor is played, the planner goes away and comes back. */
let rig: PlannerRig;
let proxy: TcpProxy;
let cli: CliRig;

beforeAll(async () => {
  rig = await PlannerRig.start();
  const { hostname, port } = new URL(rig.url);
  proxy = await TcpProxy.to({ host: hostname, port: Number(port) });
  cli = new CliRig({ url: proxy.urlOf(rig.url), apiKey: rig.keys.operator });
  await rig.seedRegistry();
  await rig.put('/v1/entitlements/small', { dbType: 'shared', memory: '2Gi' });
}, 120_000);

afterAll(async () => {
  cli?.remove();
  await proxy?.close();
  await rig?.close();
});

async function tenant(): Promise<string> {
  const instanceId = randomUUID();
  const database = `shop_${instanceId.slice(0, 8)}`;
  const instance = { plan: 'basic', server: 'pool-1', database, owner: 'acme', service: 'shop-{database}' };
  await rig.put(`/v1/instances/${instanceId}`, instance);
  return instanceId;
}

const STEP = 'resize-service';

/** One that waits for an executor: to be looked at, or in its only step. */
async function waiting(toPlan: 'premium' | 'small' = 'premium'): Promise<string> {
  return (await rig.upgrade(await tenant(), { toPlan })).json.migrationId;
}

describe('rehome watch', () => {
  it('waits for a planner that restarts, and shows the end', async () => {
    const id = await waiting('small');
    const { kind, direction, generation } = await rig.commanded(id, STEP);
    const terminal = cli.terminal(['watch', id]);
    await terminal.shows(/1\/1 resize-service/);
    await proxy.close();
    await terminal.shows(/does not answer.*; trying again/);
    await proxy.open();
    const attempt = { migrationId: id, stepId: STEP, direction, generation, attempt: 1, fence: 1, kind };
    const failure = { code: 'STEP_STATE_UNKNOWN', detail: 'nobody knows whether it took effect' } as const;
    await rig.asExecutor(id, STEP, [{ type: 'StepNeedsDecision', data: { ...attempt, failure } }]);
    await terminal.shows(/halted at 1\/1 resize-service/);
    expect(await terminal.exited).toBe(1);
  }, 60_000);

  it('tells of a wrong id and a wrong address at once', async () => {
    expect(await cli.run(['watch', randomUUID()])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/\[NOT_FOUND\]\nNext: {2}rehome list /),
    });
    const away = await cli.run(['watch', randomUUID()], { env: { REHOME_URL: 'http://127.0.0.1:9' } });
    expect(away).toMatchObject({ code: 7, err: expect.stringContaining('rehome config show') });
  }, 60_000);

  it('says of a pause how it ends', async () => {
    const id = await waiting('small');
    await rig.commanded(id, STEP);
    await rig.call('POST', `/v1/migrations/${id}/pause`, { body: {} });
    const { err } = await cli.run(['watch', id], { interruptAt: `Next:  rehome resume ${id}` });
    expect(err).toMatch(/interrupted; the migration goes on\nNext: {2}rehome watch /);
  }, 60_000);
});

describe('a dry run', () => {
  it.each([
    ['plan', ['plan']],
    ['submit', ['submit', '--dry-run']],
  ])(
    'says at once what it does, and ends with --timeout though no executor is there: %s',
    async (_name, words) => {
      const [command = '', ...flags] = words;
      const typed = [command, 'upgrade', '--instance', await tenant(), '--to-plan', 'premium', ...flags];
      const { code, out, err } = await cli.run([...typed, '--timeout', '0.5']);
      expect([code, out]).toEqual([124, '']);
      expect(err).toMatch(
        /^planning: .*\nrehome: the time is up; the dry run goes on\nNext: {2}rehome list --dry-runs\n/,
      );
    },
    60_000,
  );
});

describe('rehome submit --watch', () => {
  it('streams the events with --progress=json', async () => {
    const typed = ['submit', 'upgrade', '--instance', await tenant(), '--to-plan', 'premium', '--watch'];
    const { code, out } = await cli.run([...typed, '--progress=json'], { interruptAt: 'StepCommanded' });
    const types = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect([code, ...types]).toEqual(expect.arrayContaining([130, 'Watch', 'MigrationRequested', 'StepCommanded']));
  }, 60_000);
});

describe('Ctrl-C', () => {
  it('ends at its first press what waits for nothing of ours', async () => {
    const terminal = cli.terminal(['audit', 'verify', '-']);
    await terminal.shows(/reading standard input/);
    terminal.type('\u0003');
    expect(await terminal.exited).toBe(130);
    expect(terminal.text).toContain('interrupted');
  }, 60_000);
});

describe('rehome list', () => {
  it('keeps its filters on the next page', async () => {
    await Promise.all([waiting(), waiting()]);
    const { out } = await cli.run(['list', '--kind', 'upgrade', '--limit', '1']);
    expect(out).toMatch(/^More: {2}rehome list --kind upgrade --limit 1 --after \S+$/m);
  }, 60_000);
});

it('says of a migration without steps what it waits for', async () => {
  const typed = ['submit', 'upgrade', '--instance', await tenant(), '--to-plan', 'premium', '--watch'];
  const told = 'scheduled: begins at 2035-01-01 00:00:00Z';
  const { err } = await cli.run([...typed, '--run-at', '2035-01-01T00:00:00Z', '--timeout', '45'], {
    interruptAt: told,
  });
  expect(err).toContain(`${told}\nrehome: interrupted; the migration goes on`);
}, 60_000);
