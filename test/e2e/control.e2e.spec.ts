import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tracesOf } from '../harness/move-traces.js';
import { Gate, MoveWorld } from '../harness/move-world.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const directory = mkdtempSync(join(tmpdir(), 'rehome-control-'));
const captured = new Gate(join(directory, 'captured'));
let world: MoveWorld | undefined;

function given(): MoveWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

beforeAll(async () => {
  world = await MoveWorld.start({
    executorEnv: { REHOME_FAULT_POINTS: captured.wait('step.capture-source.run.after') },
  });
}, 240_000);

afterAll(async () => {
  await world?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

/** Everything that was ever asked of the tenant's application. */
async function history(tenant: SampleTenant): Promise<{ what: string }[]> {
  return (await given().controller<{ history: { what: string }[] }>(tenant, 'history')).history;
}

function act(migrationId: string, action: string, body: object = {}): Promise<unknown> {
  return given().planner.call('POST', `/v1/migrations/${migrationId}/${action}`, body);
}

function faults(tenant: SampleTenant, what: object): Promise<unknown> {
  return fetch(`${tenant.serviceUrl}/faults`, { method: 'PUT', body: JSON.stringify(what) });
}

describe('a rehearsal', () => {
  it('measures the move on copies: nothing is stopped, changed or left behind', async () => {
    const tenant = await given().tenant();
    const [before, asked] = [await tracesOf(given(), tenant), await history(tenant)];
    const body = await given().ended(await given().upgrade(tenant, { rehearse: true, maxDowntimeMs: 600_000 }));
    expect(body).toMatchObject({ status: 'completed', downtimeMs: 0, pointOfNoReturnPassed: false });
    const result = body.result as unknown as {
      predictedDowntimeMs: number;
      steps: { kind: string; measuredMs: number }[];
    };
    expect(result).toMatchObject({
      rehearsal: true,
      withinMaxDowntime: true,
      leftovers: [],
      compared: { mismatches: 0 },
      assumptions: [expect.stringContaining('measured'), expect.stringContaining('assumed')],
    });
    expect(result.steps.map(({ kind }) => kind)).toEqual(['back-up-database', 'verify-backup']);
    const measured = result.steps.reduce((sum, { measuredMs }) => sum + measuredMs, 0);
    expect(result.predictedDowntimeMs).toBeGreaterThan(measured);
    expect(measured).toBeGreaterThan(0);
    expect(await history(tenant)).toEqual(asked);
    expect(await tracesOf(given(), tenant)).toEqual(before);
    const { items } = await given().planner.call<{ items: unknown[] }>('GET', '/v1/backups');
    expect(items).toEqual([]);
    expect((await tenant.healthy()).connectedTo).toBeDefined();
  }, 180_000);
});

describe('a person', () => {
  it('pauses at a safe point: the step under way ends, the next waits for the resume', async () => {
    const tenant = await given().tenant();
    const asked = await history(tenant);
    const id = await given().upgrade(tenant);
    await captured.reached();
    await act(id, 'pause');
    captured.open();
    const paused = await given().until(id, ({ steps }) =>
      steps.some(({ kind, status }) => kind === 'capture-source' && status === 'succeeded'),
    );
    expect(paused.status).toBe('paused');
    expect(paused.steps.find(({ kind }) => kind === 'create-database')?.status).toBe('waiting');
    expect(await history(tenant)).toEqual(asked);
    await act(id, 'resume');
    expect((await given().ended(id)).status).toBe('completed');
  }, 180_000);

  it.each<[string, (id: string, tenant: SampleTenant) => Promise<unknown>]>([
    ['retries it once the cause is gone', (id) => act(id, 'retry')],
    [
      'starts the service by hand and says so',
      async (id, tenant) => {
        await fetch(`${tenant.serviceUrl}/start`, { method: 'POST' });
        await tenant.healthy();
        await act(id, 'resolve', { stepId: 'stop-service', outcome: 'done', note: 'started by hand' });
      },
    ],
  ])(
    'who finds a move halted because the application cannot be started again %s',
    async (_what, mend) => {
      const tenant = await given().tenant();
      await faults(tenant, { start: 'refuse' });
      const id = await given().upgrade(tenant, { maxDowntimeMs: 1 });
      const halted = await given().until(id, ({ status }) => status === 'halted');
      expect(halted).toMatchObject({ haltedAt: 'stop-service' });
      await faults(tenant, {});
      await mend(id, tenant);
      const ended = await given().until(id, ({ status }) => status !== 'halted' && status !== 'compensating');
      expect(ended).toMatchObject({ status: 'rolled-back', leftovers: [] });
      await tenant.healthy();
    },
    180_000,
  );
});

describe('a move for later', () => {
  it('reads its facts when its time comes, not when it was asked for', async () => {
    const tenant = await given().tenant();
    // Later than it takes a busy machine to be asked and to see that it waits.
    const runAt = new Date(Date.now() + 10_000).toISOString();
    const id = await given().upgrade(tenant, { runAt });
    await given().until(id, ({ status }) => status === 'scheduled');
    const { server, database } = tenant.options;
    await given().query(server.adminUrl, database, 'create table of_the_meantime as select 1 as n');
    const body = await given().ended(id);
    expect(body.status).toBe('completed');
    const compiled = (await given().events(id)).map(({ type }) => type);
    expect(compiled.indexOf('RegistryRefreshed')).toBeGreaterThan(compiled.indexOf('TimerFired'));
    expect(compiled.filter((type) => type === 'PlanCompiled')).toHaveLength(1);
  }, 180_000);
});
