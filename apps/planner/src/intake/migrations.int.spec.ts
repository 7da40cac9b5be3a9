import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PlannerRig, type Body } from '../../../../test/harness/planner-rig.js';

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start({ config: { dryRunWaitMs: 5_000 } });
  await rig.seedRegistry();
});
afterAll(() => rig?.close());

const FAILED_CHECK = {
  name: 'source-reachable',
  severity: 'error',
  passed: false,
  found: 'nobody answers',
  remedy: 'start it',
};

async function requested(): Promise<string> {
  const answer = await rig.upgrade(await rig.seedTenant());
  expect(answer.status).toBe(202);
  return answer.json.migrationId;
}

/** The inspection finds the source unreachable: the shortest life of a migration. */
async function refuse(migrationId: string): Promise<void> {
  await rig.succeed(migrationId, 'inspect', { checks: [FAILED_CHECK] });
}

async function detail(migrationId: string, query = ''): Promise<Body> {
  return (await rig.call('GET', `/v1/migrations/${migrationId}${query}`, { role: 'viewer' })).json;
}

describe('GET /v1/migrations/{id}', () => {
  it('knows at once what was just accepted', async () => {
    const migrationId = await requested();
    expect(await detail(migrationId)).toMatchObject({
      migrationId,
      kind: 'upgrade',
      pointOfNoReturnPassed: false,
      downtimeMs: 0,
      links: { self: `/v1/migrations/${migrationId}` },
    });
  });

  it('waits for the next change of status, and no longer', async () => {
    const migrationId = await requested();
    await rig.event(migrationId, 'StepCommanded');
    const waiting = detail(migrationId, '?wait=30');
    const started = performance.now();
    await refuse(migrationId);
    expect(await waiting).toMatchObject({
      status: 'refused',
      checks: expect.arrayContaining([FAILED_CHECK]),
      reasons: expect.arrayContaining([expect.objectContaining({ code: 'PREFLIGHT_FAILED' })]),
    });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('does not wait when nothing will follow, and answers after the wait when nothing did', async () => {
    const over = await requested();
    await refuse(over);
    await rig.event(over, 'PlanRefused');
    const started = performance.now();
    expect(await detail(over, '?wait=30')).toMatchObject({ status: 'refused' });
    // Longer than anybody may wait: as long as can be.
    expect(await detail(over, '?wait=3600')).toMatchObject({ status: 'refused' });
    expect(performance.now() - started).toBeLessThan(5_000);
    const quiet = await requested();
    await rig.event(quiet, 'StepCommanded');
    expect(await detail(quiet, '?wait=1')).toMatchObject({ status: 'inspecting' });
  });

  it('is cut short when the planner stops', async () => {
    const migrationId = await requested();
    await rig.event(migrationId, 'StepCommanded');
    const waiting = detail(migrationId, '?wait=60');
    const seen = rig.until(async () => (await rig.call('GET', '/metrics', { role: 'nobody' })).status === 200);
    await seen;
    await rig.restart();
    expect(await waiting).toMatchObject({ status: 'inspecting' });
  });
});

describe('GET /v1/migrations', () => {
  it('pages newest first by key, filtered by kind, status and subject', async () => {
    const instanceId = await rig.seedTenant();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { json } = await rig.upgrade(instanceId);
      ids.unshift(json.migrationId);
      await refuse(json.migrationId);
      await rig.event(json.migrationId, 'PlanRefused');
    }
    const path = `/v1/migrations?kind=upgrade&status=refused&subject=instance:${instanceId}&limit=2`;
    await rig.until(
      async () =>
        ((await rig.call('GET', path.replace('limit=2', 'limit=9'))).json as never as { items: unknown[] }).items
          .length === 5,
    );
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const answer = await rig.call('GET', `${path}${next === '' ? '' : `&after=${next}`}`, { role: 'viewer' });
      const page = answer.json as never as { items: { migrationId: string; title: string }[]; next: string | null };
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map((item) => item.migrationId));
      expect(page.items[0]).toMatchObject({
        status: 'refused',
        kind: 'upgrade',
        requestedBy: 'key:requester',
        title: 'upgrade of shop_acme to premium',
      });
      ({ next } = page);
    }
    expect(seen).toEqual(ids);
  });

  it('takes a parameter that is left empty as one that is not there', async () => {
    const all = await rig.call('GET', '/v1/migrations?limit=3');
    expect((await rig.call('GET', '/v1/migrations?kind=&status=&subject=&after=&limit=3')).text).toBe(all.text);
    const unknown = await rig.call('GET', '/v1/migrations?knd=');
    expect(unknown.json).toMatchObject({ status: 400, errors: [{ pointer: '/query/knd' }] });
  });

  it('refuses a place that no page gave', async () => {
    const answer = await rig.call('GET', '/v1/migrations?after=bm9uc2Vuc2U');
    expect(answer.json).toMatchObject({ status: 400, errors: [{ pointer: '/query/after' }] });
  });

  it('shows dry runs only when asked', async () => {
    const instanceId = await rig.seedTenant();
    void rig.call('POST', '/v1/plans', { body: { kind: 'upgrade', instanceId, toPlan: 'premium' } });
    const count = async (query: string): Promise<number> =>
      (
        (await rig.call('GET', `/v1/migrations?subject=instance:${instanceId}${query}`)).json as never as {
          items: unknown[];
        }
      ).items.length;
    await rig.until(async () => (await count('&dryRun=true')) === 1);
    expect(await count('')).toBe(0);
  });
});

describe('a wish of a person', () => {
  it('is an event with the caller as its actor, and the migration follows', async () => {
    const migrationId = await requested();
    await rig.event(migrationId, 'StepCommanded');
    const answer = await rig.call('POST', `/v1/migrations/${migrationId}/cancel`, {
      role: 'requester',
      body: { reason: 'changed our mind' },
    });
    expect(answer.status).toBe(202);
    const event = await rig.event(migrationId, 'MigrationCancelRequested');
    expect(event).toMatchObject({
      data: { reason: 'changed our mind', requestedBy: 'key:requester' },
      metadata: { actor: 'key:requester' },
    });
    await rig.event(migrationId, 'StepCancelCommanded');
  });

  it('may leave out its body, and is told when it has another shape', async () => {
    const migrationId = await requested();
    await rig.event(migrationId, 'StepCommanded');
    const wrong = await rig.call('POST', `/v1/migrations/${migrationId}/rollback`, { body: { why: 'x' } });
    expect(wrong.json).toMatchObject({ status: 400, errors: [{ pointer: '/why' }] });
    const headers = { 'content-type': 'application/json' };
    expect((await rig.call('POST', `/v1/migrations/${migrationId}/rollback`, { headers })).status).toBe(202);
  });

  it('is refused with the reason when the state does not allow it', async () => {
    const migrationId = await requested();
    await refuse(migrationId);
    await rig.event(migrationId, 'PlanRefused');
    const calls: [string, unknown][] = [
      ['cancel', {}],
      ['rollback', {}],
      ['pause', {}],
      ['resume', { reason: 'the copy is mended' }],
      ['retry', { reason: 'the disk is larger' }],
      ['approve', { planHash: 'a'.repeat(64) }],
      ['resolve', { stepId: 'inspect', outcome: 'done', note: 'looked' }],
    ];
    for (const [action, body] of calls) {
      const answer = await rig.call('POST', `/v1/migrations/${migrationId}/${action}`, { body });
      expect(answer.json).toMatchObject({
        status: 409,
        code: 'STATE_CONFLICT',
        detail: expect.stringContaining('over: refused'),
      });
    }
  });

  it('frees the subject when the migration ends', async () => {
    const instanceId = await rig.seedTenant();
    const { json } = await rig.upgrade(instanceId);
    await refuse(json.migrationId);
    await rig.event(json.migrationId, 'PlanRefused');
    expect((await rig.upgrade(instanceId)).status).toBe(202);
  });
});

describe('POST /v1/plans', () => {
  const dryRun = (instanceId: string) =>
    rig.call('POST', '/v1/plans', { role: 'requester', body: { kind: 'upgrade', instanceId, toPlan: 'premium' } });

  it('waits for the answer of the executor and tells every reason why there is no plan', async () => {
    const instanceId = await rig.seedTenant();
    const asked = dryRun(instanceId);
    const migrationId = await newestDryRunOf(instanceId);
    await refuse(migrationId);
    const answer = await asked;
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      planId: migrationId,
      status: 'refused',
      plan: null,
      steps: [],
      checks: expect.arrayContaining([FAILED_CHECK]),
      reasons: expect.arrayContaining([expect.objectContaining({ code: 'PREFLIGHT_FAILED' })]),
    });
    expect((await rig.call('GET', `/v1/plans/${migrationId}`, { role: 'viewer' })).json).toEqual(answer.json);
  });

  it('holds no subject: a migration may begin meanwhile', async () => {
    const instanceId = await rig.seedTenant();
    const asked = dryRun(instanceId);
    await newestDryRunOf(instanceId);
    expect((await rig.upgrade(instanceId)).status).toBe(202);
    // Nobody inspects here: after the configured wait the answer is where to look.
    const answer = await asked;
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({
      status: 'inspecting',
      links: { self: `/v1/plans/${(answer.json as never as { planId: string }).planId}` },
    });
    expect(answer.headers.get('location')).toBe(answer.json.links['self']);
  });

  it('is no migration of its own: GET /v1/plans knows only dry runs', async () => {
    const migrationId = await requested();
    expect((await rig.call('GET', `/v1/plans/${migrationId}`)).json).toMatchObject({
      status: 404,
      detail: expect.stringContaining(`/v1/migrations/${migrationId}`),
    });
  });

  async function newestDryRunOf(instanceId: string): Promise<string> {
    let found = '';
    await rig.until(async () => {
      const { planner } = rig.ledger;
      const events = await planner.reader.read({
        after: 0n as never,
        limit: 10_000,
        types: ['StepCommanded', 'MigrationRequested'],
      });
      const asked = events.findLast(
        (e) => e.type === 'MigrationRequested' && e.data.dryRun && e.data.subject === `instance:${instanceId}`,
      );
      const commanded = events.some((e) => e.type === 'StepCommanded' && e.stream === asked?.stream);
      found = asked?.type === 'MigrationRequested' && commanded ? asked.data.migrationId : '';
      return found !== '';
    });
    return found;
  }
});
