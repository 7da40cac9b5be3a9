import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { PlannerRig } from '../../../../test/harness/planner-rig.js';

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start();
  await rig.seedRegistry();
});
afterAll(() => rig?.close());

describe('POST /v1/migrations', () => {
  it('answers migrating at once when the entitlements require a move, with message, instance and links [c1 c4]', async () => {
    const instanceId = await rig.seedTenant();
    const answer = await rig.upgrade(instanceId);
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({
      instanceId,
      status: 'migrating',
      message: expect.stringContaining('moves from a shared to a dedicated server'),
      links: { self: `/v1/migrations/${answer.json.migrationId}` },
    });
    expect(answer.headers.get('location')).toBe(`/v1/migrations/${answer.json.migrationId}`);
    const [requested] = await rig.events(answer.json.migrationId);
    expect(requested).toMatchObject({
      type: 'MigrationRequested',
      data: {
        kind: 'upgrade',
        subject: `instance:${instanceId}`,
        requestedBy: 'key:requester',
        registry: {
          source: { name: 'pool-1' },
          service: { name: 'shop-shop_acme', control: { url: 'http://127.0.0.1:9/shop_acme' } },
          entitlements: { from: { plan: 'basic' }, to: { plan: 'premium', dbType: 'dedicated' } },
        },
      },
    });
  });

  it('answers requested when only resources change: same type, or a plan without a type [c2 c3]', async () => {
    await rig.put('/v1/entitlements/bigger', { cpu: 4 });
    const shared = await rig.upgrade(await rig.seedTenant(), { toPlan: 'bigger' });
    expect(shared.json).toMatchObject({ status: 'requested', message: expect.stringContaining('no database moves') });
    const dedicated = await rig.upgrade(await rig.seedTenant({ dbType: 'dedicated', plan: 'premium' }), {
      toPlan: 'bigger',
    });
    expect(dedicated.json).toMatchObject({ status: 'requested', message: expect.stringContaining('warning') });
  });

  it.each([
    [
      'a misspelt field',
      { kind: 'upgrade', instanceId: 'x', toPlann: 'y' },
      400,
      'REQUEST_INVALID',
      ['/toPlan', '/toPlann'],
    ],
    ['a wrong type', { kind: 'upgrade', instanceId: 5, toPlan: 'y' }, 400, 'REQUEST_INVALID', ['/instanceId']],
    ['U+0000 in a text', { kind: 'upgrade', instanceId: 'x', toPlan: 'a\u0000b' }, 400, 'REQUEST_INVALID', ['/toPlan']],
    ['an unknown kind', { kind: 'teleport' }, 422, 'KIND_UNKNOWN', ['/kind']],
    [
      'an option that is not carried out for its kind',
      {
        kind: 'promote-backup',
        backupId: '0193a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b',
        tier: 'weekly',
        options: { rehearse: true },
      },
      422,
      'OPTION_UNSUPPORTED',
      ['/options/rehearse'],
    ],
  ])('refuses %s with a pointer per field', async (_what, body, status, code, pointers) => {
    const answer = await rig.call('POST', '/v1/migrations', { body });
    expect({ status: answer.status, code: answer.json.code }).toEqual({ status, code });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect((answer.json.errors ?? []).map((error) => error.pointer).sort()).toEqual(pointers);
  });

  it('names the instance, plan, server or service that nobody registered', async () => {
    const nobody = await rig.upgrade('nobody', { toPlan: 'platinum' });
    expect(nobody.status).toBe(422);
    expect(nobody.json).toMatchObject({
      code: 'INSTANCE_UNKNOWN',
      errors: [{ pointer: '/instanceId' }, { pointer: '/toPlan' }],
    });
    expect(nobody.json.detail).toMatch(/"nobody".*"platinum"/);
    const plan = await rig.upgrade(await rig.seedTenant(), { toPlan: 'platinum' });
    expect(plan.json).toMatchObject({
      status: 422,
      code: 'PLAN_UNKNOWN',
      detail: expect.stringContaining('"platinum"'),
    });
  });

  it('refuses a subject that another migration holds, and links to the holder', async () => {
    const instanceId = await rig.seedTenant();
    const first = await rig.upgrade(instanceId);
    const second = await rig.upgrade(instanceId);
    expect(second.status).toBe(409);
    expect(second.json).toMatchObject({
      code: 'SUBJECT_BUSY',
      links: { holder: `/v1/migrations/${first.json.migrationId}` },
    });
  });

  it('takes one of 50 requests that come for the same subject at once', async () => {
    const instanceId = await rig.seedTenant();
    const answers = await Promise.all(Array.from({ length: 50 }, () => rig.upgrade(instanceId)));
    const statuses = answers.map((answer) => answer.status).sort();
    expect(statuses).toEqual([202, ...Array.from({ length: 49 }, () => 409)]);
  });

  it('lets a request wait for its subject when it says so', async () => {
    const instanceId = await rig.seedTenant();
    await rig.upgrade(instanceId);
    expect((await rig.upgrade(instanceId, { options: { onBusy: 'queue' } })).status).toBe(202);
  });

  it('refuses bodies that are no JSON, too large or of another type, as problems', async () => {
    const broken = await rig.call('POST', '/v1/migrations', { body: '{"kind": "upgrade",' });
    expect(broken.json).toMatchObject({ status: 400, code: 'REQUEST_UNREADABLE', instance: '/v1/migrations' });
    const empty = await rig.call('POST', '/v1/migrations', { headers: { 'content-type': 'application/json' } });
    expect(empty.json).toMatchObject({
      status: 400,
      code: 'REQUEST_INVALID',
      detail: 'the body must be a JSON object',
    });
    const latin1 = await rig.call('POST', '/v1/migrations', { body: Buffer.from('{"kind":"\xe9"}', 'latin1') });
    expect(latin1.json).toMatchObject({ status: 400, code: 'REQUEST_UNREADABLE' });
    const proto = await rig.call('POST', '/v1/migrations', { body: '{"kind":"upgrade","__proto__":{}}' });
    expect(proto.json).toMatchObject({ status: 400 });
    const large = await rig.call('POST', '/v1/migrations', { body: { kind: 'x'.repeat(1_100_000) } });
    expect(large.json).toMatchObject({ status: 413, code: 'REQUEST_TOO_LARGE' });
    const xml = await rig.call('POST', '/v1/migrations', {
      body: '<kind/>',
      headers: { 'content-type': 'application/xml' },
    });
    expect(xml.json).toMatchObject({ status: 415, code: 'REQUEST_UNREADABLE' });
    for (const answer of [broken, empty, latin1, proto, large, xml])
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });
});

describe('an Idempotency-Key', () => {
  it('brings the first answer again for the same body, written otherwise or not', async () => {
    const instanceId = await rig.seedTenant();
    const headers = { 'idempotency-key': randomUUID() };
    const first = await rig.upgrade(instanceId, {}, { headers });
    const again = await rig.call('POST', '/v1/migrations', {
      role: 'requester',
      headers,
      body: ` { "toPlan": "premium", "instanceId": "${instanceId.toUpperCase()}", "kind": "upgrade" } `,
    });
    expect(again.status).toBe(202);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(first.headers.get('idempotency-replayed')).toBeNull();
  });

  it('brings the first answer again when what it names is gone by now', async () => {
    const backupId = randomUUID();
    await rig.ledger.query(
      `insert into executor.backup (backup_id, label, tier, server, database, path, format, bytes, manifest_sha256, manifest)
       values ($1, 'x', 'daily', 'pool-1', 'shop', '/x', 'directory', 0, 'x', '{}')`,
      [backupId],
    );
    const headers = { 'idempotency-key': randomUUID() };
    const body = { kind: 'restore', backupId, target: { server: 'pool-1', database: 'shop_restored' } };
    const first = await rig.call('POST', '/v1/migrations', { headers, body });
    expect(first.status).toBe(202);
    await rig.ledger.query('update executor.backup set deleted_at = now() where backup_id = $1', [backupId]);
    const fresh = await rig.call('POST', '/v1/migrations', { body });
    expect(fresh.json).toMatchObject({ code: 'BACKUP_UNKNOWN' });
    const again = await rig.call('POST', '/v1/migrations', { headers, body });
    expect([again.status, again.text]).toEqual([202, first.text]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it('is refused with another body, or for a dry run of the same body', async () => {
    const instanceId = await rig.seedTenant();
    const headers = { 'idempotency-key': randomUUID() };
    await rig.upgrade(instanceId, {}, { headers });
    const other = await rig.upgrade(instanceId, { toPlan: 'basic' }, { headers });
    expect(other.json).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    const body = { kind: 'upgrade', instanceId, toPlan: 'premium' };
    const plan = await rig.call('POST', '/v1/plans', { role: 'requester', headers, body });
    expect(plan.json).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('belongs to its API key: the same words of another caller are another request', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const one = await rig.upgrade(await rig.seedTenant(), {}, { headers });
    const other = await rig.upgrade(await rig.seedTenant(), {}, { headers, role: 'operator' });
    expect([one.status, other.status]).toEqual([202, 202]);
    expect(other.json.migrationId).not.toBe(one.json.migrationId);
  });

  it('is not used up by a refused request', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const instanceId = randomUUID();
    expect((await rig.upgrade(instanceId, {}, { headers })).status).toBe(422);
    await rig.seedTenant({}, instanceId);
    expect((await rig.upgrade(instanceId, {}, { headers })).status).toBe(202);
  });

  it('makes one migration of 20 requests that come at once', async () => {
    const instanceId = await rig.seedTenant();
    const headers = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => rig.upgrade(instanceId, {}, { headers })));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect(answers.every((answer) => answer.status === 202)).toBe(true);
  });

  it('must be visible characters', async () => {
    const answer = await rig.upgrade('x', {}, { headers: { 'idempotency-key': 'with blank' } });
    expect(answer.json).toMatchObject({ status: 400, errors: [{ pointer: '/header/Idempotency-Key' }] });
  });
});
