import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createLogger } from '#shared/observability/logger.js';
import { PlannerRig } from '../../../../test/harness/planner-rig.js';

let rig: PlannerRig;
let log = '';
beforeAll(async () => {
  const logger = createLogger({
    name: 'planner',
    level: 'debug',
    destination: { write: (line: string) => (log += line) },
  });
  rig = await PlannerRig.start({ logger });
  await rig.seedRegistry();
});
afterAll(() => rig?.close());

describe('every failure', () => {
  it.each([
    ['GET', '/nothing/here', 404, 'NOT_FOUND'],
    ['DELETE', '/v1/migrations', 404, 'NOT_FOUND'],
    ['GET', `/v1/migrations/${randomUUID()}`, 404, 'NOT_FOUND'],
    ['GET', '/v1/migrations/no-uuid', 404, 'NOT_FOUND'],
    ['GET', `/v1/migrations/${randomUUID()}/events`, 404, 'NOT_FOUND'],
    ['POST', `/v1/migrations/${randomUUID()}/cancel`, 404, 'NOT_FOUND'],
    ['GET', `/v1/plans/${randomUUID()}`, 404, 'NOT_FOUND'],
    ['GET', '/v1/instances/nobody', 404, 'NOT_FOUND'],
    ['GET', '/v1/servers/nowhere', 404, 'NOT_FOUND'],
    ['GET', '/v1/migrations?limit=0', 400, 'REQUEST_INVALID'],
    ['GET', '/v1/migrations?status=fine', 400, 'REQUEST_INVALID'],
    ['GET', '/v1/migrations?colour=red', 400, 'REQUEST_INVALID'],
    ['GET', '/v1/audit/events?from=-1', 400, 'REQUEST_INVALID'],
    ['GET', '/v1/audit/events?since=yesterday', 400, 'REQUEST_INVALID'],
    ['GET', '/v1/instances/%E0%A4%A', 400, 'REQUEST_UNREADABLE'],
  ])('is a problem: %s %s → %i %s', async (method, path, status, code) => {
    const answer = await rig.call(method, path);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.json).toMatchObject({
      status,
      code,
      type: `urn:rehome:error:${code}`,
      title: expect.any(String),
      detail: expect.any(String),
    });
    expect(answer.json).toMatchObject({ instance: path.split('?')[0], requestId: answer.headers.get('x-request-id') });
    expect(answer.status).toBe(status);
  });

  it('points to the parameter that is wrong', async () => {
    const answer = await rig.call('GET', '/v1/migrations?limit=many&status=fine');
    expect(answer.json.errors?.map((error) => error.pointer).sort()).toEqual(['/query/limit', '/query/status']);
  });

  it('keeps the caller’s request id when it is usable', async () => {
    const usable = await rig.call('GET', '/v1/servers/x', { headers: { 'x-request-id': 'trace-0001' } });
    expect(usable.headers.get('x-request-id')).toBe('trace-0001');
    const unusable = await rig.call('GET', '/v1/servers/x', { headers: { 'x-request-id': 'a b"c' } });
    expect(unusable.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('the access log', () => {
  it('has one line per call, without query, body or key', async () => {
    log = '';
    const requestId = `canary-${randomUUID()}`;
    const body = { kind: 'upgrade', instanceId: 'canary-body', toPlan: 'x', secret: 'canary-secret' };
    await rig.call('POST', '/v1/migrations?token=canary-query', {
      role: 'requester',
      body,
      headers: { 'x-request-id': requestId },
    });
    await rig.until(() => Promise.resolve(log.includes(requestId)));
    const lines = log.split('\n').filter((line) => line.includes(requestId));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      method: 'POST',
      path: '/v1/migrations',
      status: 400,
      actor: 'key:requester',
      msg: 'call answered',
    });
    for (const canary of ['canary-body', 'canary-secret', 'canary-query', rig.keys.requester])
      expect(log).not.toContain(canary);
  });
});

describe('with the ledger down', () => {
  it('calls answer 503 with Retry-After, readiness says why, and both recover by themselves', async () => {
    const instanceId = await rig.seedTenant();
    await rig.proxy.close();
    try {
      for (const answer of [
        await rig.upgrade(instanceId),
        await rig.call('GET', '/v1/migrations'),
        await rig.call('GET', '/v1/audit/events'),
      ]) {
        expect(answer.json).toMatchObject({ status: 503, code: 'LEDGER_UNAVAILABLE' });
        expect(answer.headers.get('retry-after')).toBe('2');
      }
      const ready = await rig.call('GET', '/health/ready', { role: 'nobody' });
      expect(ready.json).toMatchObject({ status: 'unready', checks: { ledger: { status: 'down' } } });
      expect(ready.status).toBe(503);
      expect((await rig.call('GET', '/health/live', { role: 'nobody' })).status).toBe(200);
    } finally {
      await rig.proxy.open();
    }
    await rig.until(async () => (await rig.call('GET', '/health/ready', { role: 'nobody' })).status === 200);
    const answer = await rig.upgrade(instanceId);
    expect(answer.status).toBe(202);
    await rig.event(answer.json.migrationId, 'StepCommanded');
  });
});
