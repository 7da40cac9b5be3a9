import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { passInspection, startWithMovableTenants } from '../../../../test/harness/planned-upgrades.js';
import type { PlannerRig } from '../../../../test/harness/planner-rig.js';

let rig: PlannerRig;

beforeAll(async () => {
  rig = await startWithMovableTenants();
}, 60_000);
afterAll(() => rig?.close());

async function migrating(): Promise<string> {
  const { migrationId } = (await rig.upgrade(await rig.seedTenant({ database: 'shop_wished' }))).json;
  await passInspection(rig, migrationId);
  await rig.commanded(migrationId, 'provision-server');
  return migrationId;
}

describe('a wish with an Idempotency-Key', () => {
  it('gets its first answer again when the state would not allow it any more, and is one event', async () => {
    const id = await migrating();
    const wish = (action: string, headers: Record<string, string>, reason: string) =>
      rig.call('POST', `/v1/migrations/${id}/${action}`, { headers, body: { reason } });
    const [pause, resume] = [{ 'idempotency-key': randomUUID() }, { 'idempotency-key': randomUUID() }];

    const paused = await wish('pause', pause, 'lunch');
    expect(paused).toMatchObject({ status: 202, json: { status: 'paused' } });
    const resumed = await wish('resume', resume, 'back again');
    expect(resumed).toMatchObject({ status: 202, json: { status: 'migrating' } });
    const [pausedAgain, resumedAgain] = [
      await wish('pause', pause, 'lunch'),
      await wish('resume', resume, 'back again'),
    ];
    expect([pausedAgain.text, resumedAgain.text]).toEqual([paused.text, resumed.text]);
    expect(pausedAgain.headers.get('idempotency-replayed')).toBe('true');
    expect(paused.headers.get('idempotency-replayed')).toBeNull();
    const told = (await rig.events(id)).filter(({ type }) => ['MigrationPaused', 'MigrationResumed'].includes(type));
    expect(told.map(({ type, data }) => ({ type, data }))).toMatchObject([
      { type: 'MigrationPaused', data: { reason: 'lunch' } },
      { type: 'MigrationResumed', data: { reason: 'back again' } },
    ]);

    expect((await wish('pause', pause, 'dinner')).json).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    expect((await wish('cancel', pause, 'lunch')).json).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    const body = { kind: 'upgrade', instanceId: randomUUID(), toPlan: 'premium' };
    const asked = await rig.call('POST', '/v1/migrations', { headers: pause, body });
    expect(asked.json).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  }, 30_000);

  it('is one event when it comes ten times at once', async () => {
    const { migrationId: id } = (await rig.upgrade(await rig.seedTenant({ database: 'shop_often' }))).json;
    await rig.commanded(id, 'inspect');
    const call = { headers: { 'idempotency-key': randomUUID() }, body: {} };
    const ask = () => rig.call('POST', `/v1/migrations/${id}/cancel`, call);
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const told = (await rig.events(id)).filter(({ type }) => type === 'MigrationCancelRequested');
    expect(told).toHaveLength(1);
  });
});
