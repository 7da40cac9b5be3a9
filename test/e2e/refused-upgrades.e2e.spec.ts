import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tracesOf } from '../harness/move-traces.js';
import { MoveWorld } from '../harness/move-world.js';
import type { MigrationBody } from '../../scripts/quickstart/migration-body.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const WRONG_PASSWORD = 'canary-wr0ng-admin';
const OWNER_PASSWORD = 'canary-0wner-1';

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
  readonly links?: Readonly<Record<string, string>>;
}

let world: MoveWorld | undefined;
let tenant: SampleTenant;

function given(): MoveWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

/** The problem that a call is answered with. */
async function refused(method: string, path: string, body: unknown, headers = {}): Promise<Problem> {
  const answer = await given().planner.raw(method, path, body, headers);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const problem = (await answer.json()) as Problem;
  expect(problem).toMatchObject({ status: answer.status, title: expect.any(String), detail: expect.any(String) });
  return problem;
}

const post = (body: unknown, headers = {}): Promise<Problem> => refused('POST', '/v1/migrations', body, headers);

function upgrade(more: object = {}): object {
  return { kind: 'upgrade', instanceId: tenant.instanceId, toPlan: 'premium', ...more };
}

/** Registers the tenant with something changed. */
async function register(changes: object = {}): Promise<void> {
  const { instanceId, ...instance } = tenant.instance;
  const current = await given().planner.call<{ service: string }>('GET', `/v1/instances/${instanceId}`);
  const body = { ...instance, service: current.service, ...changes };
  await given().planner.call('PUT', `/v1/instances/${instanceId}`, body);
}

/** Everything that a move could change. */
async function traces(): Promise<object> {
  return { ...(await tracesOf(given(), tenant)), history: await given().controller(tenant, 'history') };
}

/** Asks for the move, which must be refused before anything is stopped. */
async function refusedMove(): Promise<{ body: MigrationBody; said: string }> {
  const before = await traces();
  const body = await given().ended(await given().upgrade(tenant));
  expect(body).toMatchObject({ status: 'refused', downtimeMs: 0 });
  expect(body.steps.map(({ kind }) => kind)).toEqual(['inspect-move']);
  expect(await traces()).toEqual(before);
  expect(await tenant.health()).toMatchObject({ status: 'ok' });
  return { body, said: body.reasons.map(({ detail }) => detail).join('\n') };
}

beforeAll(async () => {
  world = await MoveWorld.start({ executorEnv: { REHOME_SECRET_WRONG: WRONG_PASSWORD } });
  tenant = await world.tenant({ ownerPassword: OWNER_PASSWORD });
}, 120_000);

afterAll(() => world?.stop(), 60_000);

describe('a move is refused before anything is stopped', () => {
  it('when the config file is missing [c12 c25]', async () => {
    renameSync(tenant.configPath, `${tenant.configPath}.away`);
    const body = await given().ended(await given().upgrade(tenant));
    renameSync(`${tenant.configPath}.away`, tenant.configPath);
    expect(body.status).toBe('refused');
    expect(body.steps.map(({ kind }) => kind)).toEqual(['inspect-move']);
    expect(body.checks.filter(({ passed, severity }) => !passed && severity === 'error')).toMatchObject([
      { name: 'config-file', found: expect.stringContaining(tenant.configPath), remedy: expect.any(String) },
    ]);
    const { history } = await given().controller<{ history: unknown[] }>(tenant, 'history');
    expect(history).toHaveLength(1);
    expect(await tenant.health()).toMatchObject({ status: 'ok' });
  }, 60_000);

  it('when the role of the application does not exist [c11]', async () => {
    await register({ owner: 'nobody at all' });
    const { said } = await refusedMove();
    await register();
    expect(said).toContain('there is no role nobody at all');
  }, 60_000);

  it('when the application logs in as a superuser, whom no fence stops', async () => {
    const alter = (what: string): Promise<object[]> =>
      given().query(tenant.options.server.adminUrl, 'postgres', `alter role "${tenant.options.owner}" ${what}`);
    await alter('superuser');
    const { said } = await refusedMove();
    await alter('nosuperuser');
    expect(said).toContain('superuser');
    expect(said).toContain(`alter role "${tenant.options.owner}" nosuperuser`);
  }, 60_000);

  it.each([
    ['is wrong', 'env:REHOME_SECRET_WRONG', 'correct the user or secret of server pool-x'],
    ['is nowhere', 'env:REHOME_SECRET_NOWHERE', 'REHOME_SECRET_NOWHERE'],
  ])(
    'when the password of the administrator %s, without telling any [c22]',
    async (_what, adminSecretRef, told) => {
      const { host, port } = tenant.options.server;
      await given().planner.call('PUT', '/v1/servers/pool-x', { host, port, adminUser: 'postgres', adminSecretRef });
      await register({ server: 'pool-x' });
      const { body, said } = await refusedMove();
      await register();
      expect(said).toContain(told);
      expect(JSON.stringify(body)).not.toContain(WRONG_PASSWORD);
    },
    60_000,
  );

  it('with all failed checks at once', async () => {
    await register({ owner: 'nobody at all' });
    renameSync(tenant.configPath, `${tenant.configPath}.away`);
    const body = await given().ended(await given().upgrade(tenant));
    renameSync(`${tenant.configPath}.away`, tenant.configPath);
    await register();
    const failed = body.checks.filter(({ passed, severity }) => !passed && severity === 'error');
    expect(failed.map(({ name }) => name)).toEqual(expect.arrayContaining(['application-role', 'config-file']));
    expect(body.reasons.length).toBeGreaterThanOrEqual(2);
  }, 60_000);
});

describe('a request is refused', () => {
  it('with a pointer per field when it is invalid', async () => {
    const problem = await post({ kind: 'upgrade', instanceId: 7, options: { maxDowntimeMs: 'soon', speed: 9 } });
    expect(problem).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(problem.errors?.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/instanceId',
      '/options/maxDowntimeMs',
      '/options/speed',
      '/toPlan',
    ]);
  });

  it('when it names an instance or a plan that nobody registered', async () => {
    const id = randomUUID();
    expect(await post(upgrade({ instanceId: id }))).toMatchObject({
      status: 422,
      code: 'INSTANCE_UNKNOWN',
      detail: expect.stringContaining(id),
    });
    expect(await post(upgrade({ toPlan: 'platinum' }))).toMatchObject({
      status: 422,
      code: 'PLAN_UNKNOWN',
      detail: expect.stringContaining('platinum'),
      errors: [{ pointer: '/toPlan' }],
    });
  });

  it('when a tenant is registered with a server or a service that nobody registered', async () => {
    const { instanceId, ...instance } = tenant.instance;
    const body = { ...instance, server: 'pool-9', service: 'shop' };
    expect(await refused('PUT', `/v1/instances/${instanceId}`, body)).toMatchObject({
      status: 422,
      code: 'SERVER_UNKNOWN',
      detail: expect.stringMatching(/pool-9.*shop/),
      errors: [{ pointer: '/server' }, { pointer: '/service' }],
    });
  });

  it('when its idempotency key came with another body; the same body gets the first answer again', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const request = upgrade({ options: { approval: 'required' } });
    const first = await given().planner.call<{ migrationId: string }>('POST', '/v1/migrations', request, headers);
    expect(await given().planner.call('POST', '/v1/migrations', request, headers)).toEqual(first);
    expect(await post(upgrade({ toPlan: 'basic' }), headers)).toMatchObject({
      status: 422,
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await cancelled(first.migrationId);
  }, 60_000);

  it('when another migration holds the tenant, with a link to it', async () => {
    const holder = await given().upgrade(tenant, { approval: 'required' });
    await given().until(holder, ({ status }) => status === 'awaiting-approval');
    expect(await post(upgrade())).toMatchObject({
      status: 409,
      code: 'SUBJECT_BUSY',
      detail: expect.stringContaining(holder),
      links: { holder: `/v1/migrations/${holder}` },
    });
    expect(await refused('POST', `/v1/migrations/${holder}/approve`, { planHash: 'a'.repeat(64) })).toMatchObject({
      status: 409,
      code: 'STATE_CONFLICT',
    });
    await cancelled(holder);
  }, 60_000);

  /** Nothing had begun, so nothing is to be taken back. */
  async function cancelled(migrationId: string): Promise<void> {
    await given().planner.call('POST', `/v1/migrations/${migrationId}/cancel`, { reason: 'a test' });
    expect(await given().ended(migrationId)).toMatchObject({ status: 'cancelled', downtimeMs: 0 });
  }
});

describe('a dry run', () => {
  interface PlanBody {
    readonly status: string;
    readonly planHash: string;
    readonly steps: readonly {
      id: string;
      title: string;
      lines: readonly { tool: string; at: string; text: string }[];
    }[];
  }

  it('tells the exact SQL and commands of every step, no secret, and changes nothing', async () => {
    const before = await traces();
    const answer = await given().planner.raw('POST', '/v1/plans', upgrade());
    const text = await answer.text();
    const plan = JSON.parse(text) as PlanBody;
    expect(answer.status).toBe(200);
    expect(plan).toMatchObject({ status: 'completed', planHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(plan.steps).toHaveLength(18);
    expect(plan.steps.filter(({ lines: told }) => told.length === 0)).toEqual([]);
    const lines = new Map(plan.steps.map((step) => [step.id, step.lines.map((line) => line.text).join('\n')]));
    const { database } = tenant.options;
    expect(lines.get('provision-server')).toContain('POST /api/database/provision-dedicated');
    expect(lines.get('create-database')).toMatch(/create role .*\$PASSWORD[\s\S]*create database/);
    expect(lines.get('stop-service')).toMatch(/POST http:\/\/127\.0\.0\.1:\d+\/services\/\S+\/stop/);
    expect(lines.get('dump-database')).toContain('pg_dump');
    expect(lines.get('restore-database')).toContain('pg_restore');
    expect(lines.get('publish-database')).toContain(`to "${database}"`);
    expect(lines.get('edit-config')).toContain('db_password = $PASSWORD');
    expect(lines.get('retire-source')).toContain(`alter database "${database}" rename to`);
    const { password } = new URL(tenant.options.server.adminUrl);
    for (const secret of [OWNER_PASSWORD, decodeURIComponent(password)]) expect(text).not.toContain(secret);
    expect(await traces()).toEqual(before);
  }, 60_000);

  it('plans the steps that a real request gets', async () => {
    const dry = await given().planner.call<PlanBody>('POST', '/v1/plans', upgrade());
    const migrationId = await given().upgrade(tenant, { approval: 'required' });
    const real = await given().until(migrationId, ({ status }) => status === 'awaiting-approval');
    await given().planner.call('POST', `/v1/migrations/${migrationId}/cancel`, {});
    expect(real.plan?.steps.map(({ id, title }) => [id, title])).toEqual(dry.steps.map(({ id, title }) => [id, title]));
  }, 60_000);
});
