import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LiveEvent, liveEvents } from '../harness/live-events.js';
import { MoveWorld, type MoveEvent } from '../harness/move-world.js';
import type { Certificate, MigrationBody } from '../../scripts/quickstart/migration-body.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const OWNER_PASSWORD = 'old-pässword 1';

interface Accepted {
  readonly migrationId: string;
  readonly instanceId: string;
  readonly status: string;
  readonly message: string;
  readonly links: Readonly<Record<string, string>>;
}

let world: MoveWorld | undefined;
let tenant: SampleTenant;
let before: { conf: string; mode: number; first: object[] };
let accepted: { status: number; location: string | null; body: Accepted; afterMs: number };
let live: LiveEvent[];
let body: MigrationBody;
let certificate: Certificate;
let events: MoveEvent[];
let newUrl: string;

function given(): MoveWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

function position(type: string, stepId?: string): number {
  const found = events.find(
    (event) => event.type === type && (stepId === undefined || event.data['stepId'] === stepId),
  );
  if (found === undefined) throw new Error(`no ${type} ${stepId ?? ''}`);
  return Number(found.position);
}

/** Follows the migration live, and after some events again from the last one seen. */
async function follow(migrationId: string): Promise<LiveEvent[]> {
  const seen: LiveEvent[] = [];
  const connect = (after?: string): Promise<Response> =>
    given().planner.raw('GET', `/v1/migrations/${migrationId}/events`, undefined, {
      accept: 'text/event-stream',
      ...(after === undefined ? {} : { 'last-event-id': after }),
    });
  for await (const event of liveEvents(await connect())) {
    seen.push(event);
    if (seen.length === 12) break;
  }
  for await (const event of liveEvents(await connect(seen.at(-1)?.id))) seen.push(event);
  return seen;
}

/** The first line of the application's log, which only a new database would lack. */
function firstLogLine(adminUrl: string): Promise<object[]> {
  return given().query(adminUrl, tenant.options.database, 'select min(create_date)::text as at from ir_logging');
}

async function ask(): Promise<typeof accepted> {
  const started = performance.now();
  const answer = await given()
    .plannerAs('requester')
    .raw(
      'POST',
      '/v1/migrations',
      { kind: 'upgrade', instanceId: tenant.instanceId, toPlan: 'premium' },
      { 'idempotency-key': randomUUID() },
    );
  const afterMs = performance.now() - started;
  return {
    status: answer.status,
    location: answer.headers.get('location'),
    body: (await answer.json()) as Accepted,
    afterMs,
  };
}

beforeAll(async () => {
  world = await MoveWorld.start();
  tenant = await world.tenant({ ownerPassword: OWNER_PASSWORD });
  const first = await firstLogLine(tenant.options.server.adminUrl);
  before = { conf: tenant.config(), mode: statSync(tenant.configPath).mode, first };
  accepted = await ask();
  live = await follow(accepted.body.migrationId);
  body = await world.ended(accepted.body.migrationId);
  events = await world.events(accepted.body.migrationId);
  if (body.result?.certificate === undefined) throw new Error(JSON.stringify(body.reasons));
  certificate = body.result.certificate;
  newUrl = await world.dedicatedUrl(certificate.after?.dbServerId ?? '');
}, 180_000);

afterAll(() => world?.stop(), 60_000);

describe('an upgrade to a plan with a dedicated database', () => {
  it('is answered at once: migrating, with message, instance and links [c4]', () => {
    const { migrationId } = accepted.body;
    expect(accepted).toMatchObject({
      status: 202,
      location: `/v1/migrations/${migrationId}`,
      body: {
        status: 'migrating',
        instanceId: tenant.instanceId,
        message: expect.stringContaining('moves from a shared to a dedicated server'),
        links: { self: `/v1/migrations/${migrationId}`, events: `/v1/migrations/${migrationId}/events` },
      },
    });
    expect(accepted.afterMs).toBeLessThan(2_000);
  });

  it('runs in order, and the record is switched only after verification [c5 c9]', () => {
    const order = [
      'provision-server',
      'preflight-target',
      'stop-service',
      'fence-source',
      'dump-database',
      'restore-database',
      'verify-copy',
      'publish-database',
      'edit-config',
      'start-service',
      'verify-connections',
    ].map((stepId) => position('StepSucceeded', stepId));
    const switched = position('PointOfNoReturnPassed');
    expect([...order, switched]).toEqual([...order, switched].toSorted((one, other) => one - other));
    expect(position('StepCommanded', 'retire-source')).toBeGreaterThan(switched);
    expect(body.status).toBe('completed');
    expect(body.pointOfNoReturnPassed).toBe(true);
  });

  it('shows every step with its phase, times and attempts', () => {
    expect(body.steps.map(({ status }) => status)).toEqual(body.steps.map(() => 'succeeded'));
    for (const step of body.steps) {
      expect(step.attempt).toBeGreaterThanOrEqual(1);
      expect(Date.parse(step.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(step.startedAt ?? ''));
    }
    expect(new Set(body.steps.map(({ phase }) => phase))).toEqual(
      new Set(['inspect', 'prepare', 'cutover', 'switch', 'finish']),
    );
  });

  it('switches the record of the tenant: server, host, port, user, type [c9]', async () => {
    const { hostname, port } = new URL(newUrl);
    const record = await given().planner.call('GET', `/v1/instances/${tenant.instanceId}`);
    expect(record).toMatchObject({
      plan: 'premium',
      dbServerId: certificate.after?.dbServerId,
      host: hostname,
      port: Number(port),
      user: certificate.after?.user,
      dbType: 'dedicated',
      database: tenant.options.database,
      movedBy: body.migrationId,
    });
    expect(certificate.before).toMatchObject({ dbServerId: 'pool-2', dbType: 'shared', user: tenant.options.owner });
  });

  it('changes only the named keys of the config file and keeps every other byte and the mode [c12]', () => {
    const { hostname, port, username, password } = new URL(newUrl);
    const expected = before.conf
      .replace(/^db_host = .*$/m, `db_host = ${hostname}`)
      .replace(/^db_port=.*$/m, `db_port=${port}`)
      .replace(/^db_user {3}= {3}.*$/m, `db_user   =   ${username}`)
      .replace(/^db_password = .*$/m, `db_password = ${decodeURIComponent(password)}`);
    expect(readFileSync(tenant.configPath, 'utf8')).toBe(expected);
    expect(expected).not.toBe(before.conf);
    expect(statSync(tenant.configPath).mode).toBe(before.mode);
  });

  it('sets the environment too and restarts the service, once [c13]', async () => {
    const { hostname, username, password } = new URL(newUrl);
    const environment = await given().controller<Record<string, string>>(tenant, 'environment');
    expect(environment).toEqual({
      ODOO_DATABASE_HOST: hostname,
      ODOO_DATABASE_USER: username,
      ODOO_DATABASE_PASSWORD: decodeURIComponent(password),
    });
    const { history } = await given().controller<{ history: { what: string }[] }>(tenant, 'history');
    expect(history.map(({ what }) => what)).toEqual(['started', 'ended', 'started']);
  });

  it('brings the application back on the same data without initialising anything again [c15]', async () => {
    const health = await tenant.healthy();
    expect(health).toMatchObject({ status: 'ok', connectedTo: { port: Number(new URL(newUrl).port) } });
    expect(await firstLogLine(newUrl)).toEqual(before.first);
    const [row] = await given().query<{ writes: number }>(
      newUrl,
      tenant.options.database,
      `select count(*)::int as writes from ir_logging where name = 'application'`,
    );
    // More than since the restart: what it wrote at the old server is there.
    expect(row?.writes).toBeGreaterThan(health.writes);
  });

  it('leaves no connection at the old server and all at the new, with 7 users and 40 partners [c20]', async () => {
    expect(certificate.connections.old).toBe(0);
    expect(certificate.connections.new).toBeGreaterThan(0);
    const sessions = `select count(*)::int as n from pg_stat_activity where application_name like 'sample-tenant%'`;
    const old = given().stack.server('pool-2').adminUrl;
    expect(await given().query(old, 'postgres', sessions)).toEqual([{ n: 0 }]);
    expect(await given().query(newUrl, 'postgres', sessions)).toEqual([{ n: 3 }]);
    const rows = await given().query(
      newUrl,
      tenant.options.database,
      `select (select count(*)::int from res_users) as users, (select count(*)::int from res_partner) as partners`,
    );
    expect(rows).toEqual([{ users: 7, partners: 40 }]);
    expect(certificate.verification).toMatchObject({ tables: tenant.facts.tables, mismatches: 0, largeObjects: 8 });
  });

  it('keeps the name of the database, with role and connections by state at the target [c10 c21]', async () => {
    expect(certificate.after?.database).toBe(tenant.options.database);
    const found = await given().query(
      newUrl,
      'postgres',
      `select d.datname as database, r.rolname as role, r.rolcanlogin as login
         from pg_database d
         join pg_roles r on r.oid = d.datdba
        where not d.datistemplate and d.datname <> 'postgres'`,
    );
    expect(found).toEqual([{ database: tenant.options.database, role: certificate.after?.user, login: true }]);
    const states = Object.entries(certificate.connections.states);
    expect(states.length).toBeGreaterThan(0);
    expect(states.reduce((sum, [, count]) => sum + count, 0)).toBe(certificate.connections.new);
  });

  it('keeps the source, fenced and renamed, where its old role can not log in', async () => {
    const shared = given().stack.server('pool-2').adminUrl;
    const retired = certificate.retiredAs ?? '';
    const databases = await given().query<{ datname: string }>(shared, 'postgres', 'select datname from pg_database');
    expect(databases.map(({ datname }) => datname)).toContain(retired);
    expect(databases.map(({ datname }) => datname)).not.toContain(tenant.options.database);
    const asOwner = new URL(shared);
    asOwner.username = tenant.options.owner;
    asOwner.password = OWNER_PASSWORD;
    for (const database of [retired, tenant.options.database])
      await expect(given().query(asOwner.href, database, 'select 1')).rejects.toThrow();
    expect(await given().query(shared, retired, 'select count(*)::int as n from res_users')).toEqual([{ n: 7 }]);
  });

  it('records its downtime, far below the usual 5 to 15 minutes [c19]', () => {
    expect(body.downtimeMs).toBeGreaterThan(0);
    expect(body.downtimeMs).toBeLessThan(60_000);
    expect(certificate.downtimeMs).toBe(body.downtimeMs);
    const stopped = events.find((event) => event.type === 'StepStarted' && event.data['stepId'] === 'stop-service');
    const healthy = events.find((event) => event.type === 'StepSucceeded' && event.data['stepId'] === 'start-service');
    const measured = Date.parse(healthy?.recordedAt ?? '') - Date.parse(stopped?.recordedAt ?? '');
    expect(Math.abs(measured - body.downtimeMs)).toBeLessThan(1_500);
  });

  it('passes every line of its checklist, each with evidence', () => {
    const failed = certificate.checklist.filter(({ passed, evidence }) => !passed || evidence === '');
    expect(failed).toEqual([]);
  });

  it('logs a structured line per step with its fields [c18]', () => {
    const ended = given()
      .log('executor')
      .filter((line) => line['migrationId'] === body.migrationId && line['msg'] === 'step attempt ended');
    const planned = body.steps.map(({ id }) => id);
    expect(ended.map((line) => line['stepId'])).toEqual(expect.arrayContaining(planned));
    for (const line of ended)
      expect(line).toMatchObject({
        kind: expect.any(String),
        direction: 'run',
        attempt: expect.any(Number),
        fence: expect.any(Number),
        durationMs: expect.any(Number),
        outcome: 'succeeded',
      });
  });

  it('can be followed live, and after a break from the last event seen', () => {
    expect(live.map(({ id }) => id)).toEqual(events.map((event) => event.position));
    expect(live.map(({ type }) => type)).toEqual(events.map(({ type }) => type));
    expect(live.at(-1)?.type).toBe('MigrationCompleted');
  });

  it('leaves a ledger that verifies', async () => {
    const answer = await given().planner.call<{ verified: boolean; headPosition: string }>('GET', '/v1/audit/verify');
    expect(answer.verified).toBe(true);
    expect(Number(answer.headPosition)).toBeGreaterThanOrEqual(Number(events.at(-1)?.position));
  });
});

describe('an upgrade that does not move', () => {
  async function upgradeTo(one: SampleTenant, toPlan: string): Promise<{ answer: Accepted; ended: MigrationBody }> {
    const request = { kind: 'upgrade', instanceId: one.instanceId, toPlan };
    const answer = await given().planner.call<Accepted>('POST', '/v1/migrations', request);
    return { answer, ended: await given().ended(answer.migrationId) };
  }

  it('only resizes a tenant that was moved already; it stays dedicated [c2 c3]', async () => {
    const { answer, ended } = await upgradeTo(tenant, 'basic');
    expect(answer.status).toBe('requested');
    expect(ended).toMatchObject({ status: 'completed', downtimeMs: 0 });
    expect(ended.steps.map(({ kind }) => kind)).toEqual(['resize-service']);
    expect(ended.warnings.join()).toContain('the database stays where it is');
    const record = await given().planner.call('GET', `/v1/instances/${tenant.instanceId}`);
    expect(record).toMatchObject({ plan: 'basic', dbType: 'dedicated', resources: { cpu: 1, memory: '1Gi' } });
    expect(await given().controller(tenant, 'resources')).toEqual({ cpu: 1, memory: '1Gi', storage: '10Gi' });
  }, 60_000);

  it('only resizes for a shared plan and for a plan without a database type, by the step that a move uses [c3 c24]', async () => {
    const other = await given().tenant();
    const sessions = await tenantSessions(other);
    for (const [toPlan, cpu] of [
      ['standard', 2],
      ['basic', 1],
    ] as const) {
      const { answer, ended } = await upgradeTo(other, toPlan);
      expect(answer.status).toBe('requested');
      expect(ended.status).toBe('completed');
      expect(ended.steps.map(({ kind }) => kind)).toEqual(['resize-service']);
      expect(await given().controller(other, 'resources')).toMatchObject({ cpu });
    }
    expect(body.steps.map(({ kind }) => kind)).toContain('resize-service');
    // Nobody touched the application.
    expect(await tenantSessions(other)).toEqual(sessions);
    const { history } = await given().controller<{ history: unknown[] }>(other, 'history');
    expect(history).toHaveLength(1);
  }, 180_000);

  function tenantSessions(one: SampleTenant): Promise<object[]> {
    return given().query(
      one.options.server.adminUrl,
      'postgres',
      `select pid from pg_stat_activity
        where datname = '${one.options.database}' and application_name like 'sample-tenant%'
        order by pid`,
    );
  }
});
