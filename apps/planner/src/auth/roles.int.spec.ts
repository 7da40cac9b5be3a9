import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { PlannerRig } from '../../../../test/harness/planner-rig.js';
import { ROLES, roleCovers, type Role } from './role.js';

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start();
  await rig.seedRegistry();
});
afterAll(() => rig?.close());

const id = randomUUID();

/** Calls that fail for another reason than the role once the role is right. */
const CALLS: readonly (readonly [Role, string, string])[] = [
  ['viewer', 'GET', '/v1/migrations'],
  ['viewer', 'GET', `/v1/migrations/${id}`],
  ['viewer', 'GET', `/v1/migrations/${id}/events`],
  ['viewer', 'GET', `/v1/plans/${id}`],
  ['viewer', 'GET', '/v1/instances/x'],
  ['viewer', 'GET', '/v1/servers/x'],
  ['viewer', 'GET', '/v1/services/x'],
  ['viewer', 'GET', '/v1/entitlements/x'],
  ['viewer', 'GET', '/v1/audit/events?from=1&to=1'],
  ['viewer', 'GET', '/v1/audit/verify'],
  ['viewer', 'GET', '/v1/audit/state?at=1'],
  ['requester', 'POST', '/v1/migrations'],
  ['requester', 'POST', '/v1/plans'],
  ['requester', 'POST', `/v1/migrations/${id}/cancel`],
  ['requester', 'POST', `/v1/migrations/${id}/rollback`],
  ['approver', 'POST', `/v1/migrations/${id}/approve`],
  ['operator', 'POST', `/v1/migrations/${id}/pause`],
  ['operator', 'POST', `/v1/migrations/${id}/resume`],
  ['operator', 'POST', `/v1/migrations/${id}/retry`],
  ['operator', 'POST', `/v1/migrations/${id}/resolve`],
  ['operator', 'PUT', '/v1/instances/x'],
  ['operator', 'PUT', '/v1/servers/x'],
  ['operator', 'PUT', '/v1/services/x'],
  ['operator', 'PUT', '/v1/entitlements/x'],
];

describe('a call', () => {
  it.each(CALLS)('needs the role %s: %s %s', async (needed, method, path) => {
    const body = method === 'GET' ? {} : { body: { nonsense: true } };
    for (const role of ROLES) {
      const { status } = await rig.call(method, path, { role, ...body });
      if (roleCovers(role, needed)) expect([200, 202, 400, 404]).toContain(status);
      else expect({ role, status }).toEqual({ role, status: 403 });
    }
    const nobody = await rig.call(method, path, { role: 'nobody', ...body });
    expect(nobody.json).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    expect(nobody.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('needs no key for health, metrics and the description of the interface', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/openapi.json', '/docs'])
      expect((await rig.call('GET', path, { role: 'nobody' })).status).toBe(200);
  });

  it('is refused with a key that nobody issued, whatever it looks like', async () => {
    for (const authorization of [
      'Bearer nonsense',
      'Bearer ',
      'Basic dXNlcjpwdw==',
      `Bearer ${'x'.repeat(600)}`,
      `Bearer ${rig.keys.viewer}x`,
    ]) {
      const answer = await rig.call('GET', '/v1/migrations', { role: 'nobody', headers: { authorization } });
      expect(answer.json).toMatchObject({ status: 401 });
    }
  });
});

describe('an API key', () => {
  it('stands in the database only as a digest', async () => {
    const rows = await rig.ledger.query<{ name: string; key_sha256: string }>(
      'select name, key_sha256 from planner.api_key',
    );
    expect(rows.map((row) => row.name).sort()).toEqual([...ROLES].sort());
    const text = JSON.stringify(await rig.ledger.query('select * from planner.api_key'));
    for (const role of ROLES) expect(text).not.toContain(rig.keys[role]);
  });

  it('ends at once when it is revoked, and stays revoked until it is given again', async () => {
    await rig.app.lifecycle.apiKeys.revoke('approver');
    expect((await rig.call('GET', '/v1/migrations', { role: 'approver' })).status).toBe(401);
    await rig.app.lifecycle.apiKeys.put(rig.config.apiKeys);
    expect((await rig.call('GET', '/v1/migrations', { role: 'approver' })).status).toBe(200);
  });
});
