import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#shared/contracts/json.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { packProject } from '#shared/projects/bundle/archive.js';
import { PlannerRig, type Answer } from '../../../../test/harness/planner-rig.js';
import { inspected, migration } from '../planning/project-test-kit.js';

/** The executor is played: what is shown is what the planner makes of its answers. */
const YAML = `name: shop
databases:
  main: { server: main, database: shop_db }
router: { default: main }
`;
const FIRST = migration('main/0001_orders');
const SECOND = migration('main/0002_items');
const APPLIED = { status: 'applied', schemas: 1, executionTimeMs: 12, appliedAt: '2026-11-21T09:00:01.000Z' } as const;

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start();
  await rig.put('/v1/servers/main', {
    host: '127.0.0.1',
    port: 5432,
    adminUser: 'postgres',
    adminSecretRef: 'env:MAIN',
  });
});
afterAll(() => rig?.close());

async function push(name: string): Promise<void> {
  const files = new Map([
    ['project.yaml', YAML.replace('shop', name).replace('shop_db', `${name}_db`)],
    ['migrations/main/0001_orders.up.sql', 'create table orders (id bigint primary key);\n'],
    ['migrations/main/0002_items.up.sql', 'create table items (id bigint primary key);\n'],
  ]);
  const headers = { 'content-type': 'application/gzip' };
  const answer = await rig.call('PUT', `/v1/projects/${name}`, { body: await packProject(files), headers });
  if (answer.status !== 200) throw new Error(answer.text);
}

const ask = (body: object): Promise<Answer> => rig.call('POST', '/v1/migrations', { role: 'requester', body });

async function applyOf(project: string, more: object = {}): Promise<string> {
  const answer = await ask({ kind: 'apply', project, ...more });
  expect(answer.status).toBe(202);
  return answer.json.migrationId;
}

function facts(pending: readonly ReturnType<typeof migration>[]): JsonObject {
  return asJsonObject({ checks: [], routed: ['main'], databases: [inspected('main', pending)], commands: [] });
}

async function settled(migrationId: string): Promise<Answer['json'] | undefined> {
  let body: Answer['json'] | undefined;
  await rig.until(async () => {
    body = (await rig.call('GET', `/v1/migrations/${migrationId}`)).json;
    return ['completed', 'rolled-back', 'refused'].includes(String(body.status));
  });
  return body;
}

const answerOfApply = (migrations: readonly object[]) =>
  asJsonObject({ alias: 'main', server: 'main', database: 'main', migrations, fingerprint: 'f' });
const named = ({ app, version, name }: ReturnType<typeof migration>) => ({ app, version, name });

describe('a validation', () => {
  it('answers every check with the alias of its database', async () => {
    await push('judged');
    const { migrationId: id } = (await ask({ kind: 'validate', project: 'judged' })).json;
    await rig.succeed(id, 'inspect', facts([]));
    const check = { name: 'primary-keys', outcome: 'failed', message: 'a table has no primary key' };
    const answer = { passed: 3, failed: 1, notApplicable: 0, checks: [check] };
    await rig.succeed(id, 'validate-database', asJsonObject(answer));
    expect(await settled(id)).toMatchObject({
      status: 'completed',
      result: { failed: 1, checks: [{ ...check, database: 'main' }], databases: [{ alias: 'main', checks: [check] }] },
    });
  });
});

describe('an apply', () => {
  it('completes at once when nothing is pending [d8 e8]', async () => {
    await push('idle');
    const id = await applyOf('idle', { options: { approval: 'required' } });
    await rig.succeed(id, 'inspect', facts([]));
    expect(await settled(id)).toMatchObject({ status: 'completed', result: { project: 'idle', applied: 0 } });
  });

  it('is the only one of its project, while what only reads runs beside it', async () => {
    await push('held');
    const id = await applyOf('held');
    expect((await ask({ kind: 'apply', project: 'held' })).json).toMatchObject({ status: 409, code: 'SUBJECT_BUSY' });
    const readers = [{ kind: 'validate' }, { kind: 'health' }, { kind: 'health' }];
    for (const reader of readers) expect((await ask({ ...reader, project: 'held' })).status).toBe(202);
    await rig.succeed(id, 'inspect', facts([]));
    await settled(id);
  });

  it('tells per database what was applied and what the look afterwards found [d32]', async () => {
    await push('shop');
    const id = await applyOf('shop');
    await rig.succeed(id, 'inspect', facts([FIRST, SECOND]));
    await rig.succeed(id, 'back-up-database', { backupId: 'b-1' });
    const migrations = [FIRST, SECOND].map((one) => ({ ...named(one), ...APPLIED }));
    await rig.succeed(id, 'apply-migrations', answerOfApply(migrations));
    const failed = { name: 'primary-keys', outcome: 'failed', message: 'a table has no primary key' };
    await rig.succeed(
      id,
      'validate-database',
      asJsonObject({ passed: 3, failed: 1, notApplicable: 0, checks: [failed] }),
    );
    await rig.succeed(id, 'check-health', { healthy: true, databases: [] });
    expect(await settled(id)).toMatchObject({
      status: 'completed',
      result: {
        applied: 2,
        databases: [{ alias: 'main', migrations, backupId: 'b-1', checks: { passed: 3, failed: 1 } }],
        warnings: ['main: primary-keys: a table has no primary key'],
      },
    });
  });

  it('that failed says what stands nevertheless, and so does the history [d8 d28]', async () => {
    await push('broken');
    const id = await applyOf('broken');
    await rig.succeed(id, 'inspect', facts([FIRST, SECOND]));
    await rig.succeed(id, 'back-up-database', { backupId: 'b-2' });
    await failStep(id, 'apply-migrations', '0002 failed at migrations/main/0002_items.up.sql:1');
    const kept = [{ ...named(FIRST), ...APPLIED }];
    await undone(id, 'apply-migrations', {
      alias: 'main',
      server: 'main',
      database: 'main',
      kept,
      failed: named(SECOND),
    });
    await undone(id, 'back-up-database', { removed: false });
    expect(await settled(id)).toMatchObject({
      status: 'rolled-back',
      reasons: [{ detail: expect.stringContaining('0002_items.up.sql:1') }],
      result: { databases: [{ migrations: kept, failed: named(SECOND), backupId: 'b-2' }] },
    });
    expect(await history('broken')).toEqual([
      expect.objectContaining({ ...named(SECOND), database: 'main', status: 'failed', executionTimeMs: null }),
      expect.objectContaining({ ...named(FIRST), status: 'applied', executionTimeMs: 12, appliedBy: 'key:requester' }),
    ]);
  });

  it('stands in a history that is read page by page, none twice and none left out [d28]', async () => {
    await history('broken');
    const path = '/v1/projects/broken/history?limit=1';
    const first = await rig.call('GET', path, { role: 'viewer' });
    expect(first.json).toMatchObject({ items: [named(SECOND)], next: expect.any(String) });
    const rest = await rig.call('GET', `${path}&after=${String(first.json['next'])}`, { role: 'viewer' });
    expect(rest.json).toMatchObject({ items: [named(FIRST)], next: null });
    expect(await rig.call('GET', `${path}&after=nobody`, { role: 'viewer' })).toMatchObject({ status: 400 });
  });
});

async function history(project: string): Promise<unknown> {
  let items: unknown[] = [];
  // The list of migrations follows the ledger.
  await rig.until(async () => {
    const answer = await rig.call('GET', `/v1/projects/${project}/history?limit=5`, { role: 'viewer' });
    ({ items } = answer.json as unknown as { items: unknown[] });
    return items.length > 0;
  });
  return items;
}

async function failStep(migrationId: string, stepId: string, detail: string): Promise<void> {
  const { kind, direction, generation } = await rig.commanded(migrationId, stepId);
  const attempt = { migrationId, stepId, direction, generation, attempt: 1, fence: 1, kind };
  await rig.asExecutor(migrationId, stepId, [
    { type: 'StepStarted', data: { ...attempt, owner: 'executor:test' } },
    {
      type: 'StepFailed',
      data: { ...attempt, failure: { code: 'POSTGRES_STATEMENT_FAILED', detail }, final: true },
    },
  ]);
}

async function undone(migrationId: string, stepId: string, result: object): Promise<void> {
  await rig.until(async () => (await rig.commanded(migrationId, stepId)).direction === 'undo');
  const { kind, direction, generation } = await rig.commanded(migrationId, stepId);
  const attempt = { migrationId, stepId, direction, generation, attempt: 1, fence: 1, kind };
  await rig.asExecutor(migrationId, stepId, [
    { type: 'StepStarted', data: { ...attempt, owner: 'executor:test' } },
    { type: 'StepUndone', data: { ...attempt, durationMs: 1, result: asJsonObject(result) } },
  ]);
}
