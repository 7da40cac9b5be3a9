import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { passInspection, startWithMovableTenants } from '../../../../test/harness/planned-upgrades.js';
import type { PlannerRig } from '../../../../test/harness/planner-rig.js';

let tenants = 0;
let rig: PlannerRig;
beforeAll(async () => {
  rig = await startWithMovableTenants();
}, 60_000);
afterAll(async () => {
  await rig?.close();
});

/** Each with a database and a service of its own, so that none waits for another. */
function tenant(): Promise<string> {
  tenants += 1;
  return rig.seedTenant({ database: `shop_${String(tenants)}` });
}

/** Asks as that role's key and lets the inspection go well. */
async function planned(role: 'requester' | 'operator', more: object = {}): Promise<{ id: string; planHash: string }> {
  const { migrationId: id } = (await rig.upgrade(await tenant(), { ...more }, { role })).json;
  await passInspection(rig, id);
  const { planHash } = (await rig.event(id, 'PlanCompiled')).data;
  return { id, planHash };
}

describe('a policy of the registry', () => {
  beforeAll(() =>
    rig.put('/v1/policies/production', {
      match: { kinds: ['upgrade'], servers: ['pool-1'] },
      approval: 'required',
      fourEyes: true,
    }),
  );

  it('is refused where it names what nobody registered, and would protect nothing', async () => {
    const body = { match: { servers: ['pool-1', 'pol-1'], plans: ['premum'] }, approval: 'required' };
    expect(await rig.call('PUT', '/v1/policies/misspelt', { body })).toMatchObject({
      status: 422,
      json: { code: 'SERVER_UNKNOWN', errors: [{ pointer: '/match/servers/1' }, { pointer: '/match/plans/0' }] },
    });
  });

  it('lets a plan wait that never asked for it, and says which policy wants it', async () => {
    const { id } = await planned('requester', { options: { approval: 'auto' } });
    expect((await rig.call('GET', `/v1/migrations/${id}`)).json).toMatchObject({
      status: 'awaiting-approval',
      approval: { policies: ['production'], fourEyes: true },
    });
  });

  it('with four eyes lets nobody approve what they asked for themselves, whatever their role', async () => {
    const { id, planHash } = await planned('operator');
    const approve = (role: 'operator' | 'approver') =>
      rig.call('POST', `/v1/migrations/${id}/approve`, { role, body: { planHash } });
    expect((await approve('operator')).json).toMatchObject({ status: 403, code: 'SECOND_PERSON_NEEDED' });
    expect((await rig.call('GET', `/v1/migrations/${id}`)).json.status).toBe('awaiting-approval');
    expect((await approve('approver')).status).toBe(202);
    expect((await rig.event(id, 'PlanApproved')).data).toMatchObject({
      approvedBy: 'key:approver',
      requestedBy: 'key:operator',
      fourEyes: true,
    });
    expect((await rig.commanded(id, 'provision-server')).planHash).toBe(planHash);
  });

  it('acts on what is asked after it was changed', async () => {
    await rig.put('/v1/policies/production', { match: {}, approval: 'none' });
    const { id } = await planned('requester');
    await rig.commanded(id, 'provision-server');
  });
});

describe('a migration that is planned for later', () => {
  const later = (ms: number) => ({ options: { runAt: new Date(Date.now() + ms).toISOString() } });

  it('holds nothing until its time has come', async () => {
    const instanceId = await tenant();
    expect((await rig.upgrade(instanceId, later(3_600_000))).status).toBe(202);
    expect((await rig.upgrade(instanceId)).status).toBe(202);
  });

  it('holds its subject from then on, and waits for who holds it', async () => {
    const instanceId = await tenant();
    // Later than the request takes on a busy machine: one whose time has come already is refused, not held.
    const { migrationId } = (await rig.upgrade(instanceId, later(2_000))).json;
    await rig.event(migrationId, 'RegistryRefreshed');
    expect(await rig.upgrade(instanceId)).toMatchObject({ status: 409, json: { code: 'SUBJECT_BUSY' } });
    const held = await rig.upgrade(instanceId, later(2_000));
    await rig.until(async () => {
      const view = await rig.call('GET', `/v1/migrations/${held.json.migrationId}/events`);
      return view.text.includes('busy-1');
    });
  });
});

describe('a migration that waited', () => {
  it('compiles from the registry as it is when its turn comes', async () => {
    const instanceId = await tenant();
    const first = (await rig.upgrade(instanceId)).json.migrationId;
    const second = (await rig.upgrade(instanceId, { options: { onBusy: 'queue' } })).json.migrationId;
    await passInspection(rig, second);
    await rig.event(second, 'MigrationScheduled');
    const server = { host: '127.0.0.1', port: 6543, adminUser: 'postgres', adminSecretRef: 'env:POOL_1' };
    await rig.put('/v1/servers/pool-1', server);
    await rig.call('POST', `/v1/migrations/${first}/cancel`, { body: {} });
    await rig.cancelled(first, 'inspect');
    const refreshed = await rig.event(second, 'RegistryRefreshed');
    expect(refreshed.data.registry).toMatchObject({ source: { port: 6543 } });
    await rig.until(async () => (await rig.commanded(second, 'inspect')).generation > 1);
    expect((await rig.commanded(second, 'inspect')).params).toMatchObject({ source: { server: { port: 6543 } } });
  });
});
