import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { tracesOf } from '../harness/move-traces.js';
import { Gate, MoveWorld } from '../harness/move-world.js';
import { toolMajor } from '../../scripts/stack/tool-major.js';
import type { MigrationBody } from '../../scripts/quickstart/migration-body.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const WRONG_PASSWORD = 'canary-wr0ng-target';
const APP_PASSWORD = 'canary app/pässword=1';
const LIMITED_PASSWORD = 'canary-limited';
const OWNER_PASSWORD = 'canary-0wner-2';

const directory = mkdtempSync(join(tmpdir(), 'rehome-taken-back-'));
const beforeDump = new Gate(join(directory, 'before-dump'));
let world: MoveWorld | undefined;

function given(): MoveWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

function isDumping({ steps }: MigrationBody): boolean {
  return steps.some(({ kind, status }) => kind === 'dump-database' && status === 'running');
}

/** Where a healthy tenant lives, and everything that a move changes. */
async function surroundings(tenant: SampleTenant): Promise<object> {
  const { connectedTo } = await tenant.healthy();
  const record = await given().planner.call('GET', `/v1/instances/${tenant.instanceId}`);
  return { connectedTo, record, ...(await tracesOf(given(), tenant)) };
}

/** The move must fail, leaving everything as it was. */
async function takenBack(tenant: SampleTenant, options = {}): Promise<MigrationBody> {
  const before = await surroundings(tenant);
  const body = await given().ended(await given().upgrade(tenant, options));
  expect(body).toMatchObject({ status: 'rolled-back', leftovers: [], pointOfNoReturnPassed: false, result: null });
  expect(await surroundings(tenant)).toEqual(before);
  return body;
}

async function starts(tenant: SampleTenant): Promise<number> {
  const { history } = await given().controller<{ history: { what: string }[] }>(tenant, 'history');
  return history.filter(({ what }) => what === 'started').length;
}

/** What the sample provisioner answers from now on instead of the server it makes. */
function answer(server: object): Promise<void> {
  return given().provisionerFaults({ answer: server });
}

function knownServer(id: string, user: string, password: string): object {
  const { host, port } = given().stack.server('dedicated-1');
  return { db_server_id: id, db_host: host, db_port: port, db_user: user, db_password: password };
}

beforeAll(async () => {
  const major = toolMajor();
  world = await MoveWorld.start({
    servers: [
      { name: 'pool-2', major },
      { name: 'dedicated-1', major },
    ],
    executorEnv: {
      REHOME_FAULT_POINTS: beforeDump.wait('step.dump-database.run.before'),
      REHOME_SECRET_LIMITED: LIMITED_PASSWORD,
      REHOME_PROVISIONER_TIMEOUT_MS: '5000',
    },
  });
}, 180_000);

afterEach(() => given().provisionerFaults({}));

afterAll(async () => {
  await world?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

describe('a move under way', () => {
  it('is taken back on cancel as on rollback while the application is down', async () => {
    const tenants = [await given().tenant(), await given().tenant()];
    const before = await Promise.all(tenants.map(surroundings));
    const ids = await Promise.all(tenants.map((tenant) => given().upgrade(tenant)));
    await Promise.all(ids.map((id) => given().until(id, isDumping)));
    expect(await Promise.all(tenants.map((tenant) => tenant.health()))).toEqual([undefined, undefined]);
    for (const [index, wish] of ['cancel', 'rollback'].entries())
      await given().planner.call('POST', `/v1/migrations/${ids[index] ?? ''}/${wish}`, { reason: 'a test' });
    beforeDump.open();
    const bodies = await Promise.all(ids.map((id) => given().ended(id)));
    expect(bodies.map(({ status }) => status)).toEqual(['cancelled', 'rolled-back']);
    for (const body of bodies) {
      const undone = body.steps.filter(({ status }) => status === 'undone').map(({ kind }) => kind);
      const kinds = ['provision-server', 'create-database', 'stop-service', 'fence-source'];
      expect(undone).toEqual(expect.arrayContaining(kinds));
      expect(body.downtimeMs).toBeGreaterThan(0);
    }
    expect(await Promise.all(tenants.map(surroundings))).toEqual(before);
  }, 180_000);

  it('is taken back when the application was down for longer than the request allows [c19]', async () => {
    const body = await takenBack(await given().tenant(), { maxDowntimeMs: 1 });
    expect(body.reasons).toMatchObject([{ code: 'DOWNTIME_EXCEEDED' }]);
  }, 180_000);
});

describe('an application that is told only by its environment', () => {
  it('is seen not to connect to the new server, taken back, and works on the old one [c14 c25]', async () => {
    const tenant = await given().tenant({
      ownerPassword: OWNER_PASSWORD,
      // Within this it also has to be back on the old one, whatever else the machine is doing.
      service: (mine) => ({ ...mine, configFiles: [], startTimeoutMs: 12_000 }),
    });
    const secret = join(given().directory, 'owner-password');
    writeFileSync(secret, OWNER_PASSWORD, { mode: 0o600 });
    const { instanceId, ...instance } = tenant.instance;
    const { service } = await given().planner.call<{ service: string }>('GET', `/v1/instances/${instanceId}`);
    await given().planner.call('PUT', `/v1/instances/${instanceId}`, {
      ...instance,
      service,
      secretRef: `file:${secret}`,
    });
    const { host } = tenant.options.server;
    await fetch(`${tenant.serviceUrl}/environment`, {
      method: 'PUT',
      body: JSON.stringify({
        ODOO_DATABASE_HOST: host,
        ODOO_DATABASE_USER: tenant.options.owner,
        ODOO_DATABASE_PASSWORD: OWNER_PASSWORD,
      }),
    });
    await given().planner.call('PUT', '/v1/entitlements/standard', { dbType: 'shared' });
    await given().planner.call('PUT', '/v1/entitlements/premium', { dbType: 'dedicated' });
    const body = await takenBack(tenant);
    expect(body.reasons).toMatchObject([
      { code: 'CONNECTIONS_NOT_MOVED', detail: expect.stringContaining('configFiles'), facts: { new: 0 } },
    ]);
    expect(body.steps.find(({ kind }) => kind === 'set-environment')).toMatchObject({ status: 'undone' });
  }, 180_000);
});

describe('a target that can not be used', () => {
  it('is found out before the stop: the provisioner told a wrong password, which nobody repeats [c22]', async () => {
    const tenant = await given().tenant();
    await answer({ db_password: WRONG_PASSWORD });
    const body = await takenBack(tenant);
    expect(body.reasons).toMatchObject([{ code: 'POSTGRES_AUTHENTICATION_FAILED' }]);
    expect(await starts(tenant)).toBe(1);
    expect(JSON.stringify([body, await given().events(body.migrationId)])).not.toContain(WRONG_PASSWORD);
  }, 180_000);

  it('is left alone when it holds a database of that name that is not ours', async () => {
    const tenant = await given().tenant();
    const { adminUrl } = given().stack.server('dedicated-1');
    const { database } = tenant.options;
    await given().query(adminUrl, 'postgres', `create database "${database}"`);
    await given().query(adminUrl, database, 'create table somebodys as select 42 as answer');
    await answer(knownServer('dedicated-1', 'shop_app', APP_PASSWORD));
    const body = await takenBack(tenant);
    expect(body.reasons[0]?.detail).toContain(`a database ${database} exists at the target`);
    expect(await starts(tenant)).toBe(1);
    expect(await given().query(adminUrl, database, 'select * from somebodys')).toEqual([{ answer: 42 }]);
    const roles = await given().query(adminUrl, 'postgres', `select from pg_roles where rolname = 'shop_app'`);
    expect(roles).toEqual([]);
  }, 180_000);

  it('is refused when its administrator could not restore all owners and grants, with what to do [c11]', async () => {
    const tenant = await given().tenant();
    const { adminUrl, host, port } = given().stack.server('dedicated-1');
    await given().query(
      adminUrl,
      'postgres',
      `create role limited login createdb createrole password '${LIMITED_PASSWORD}'`,
    );
    await given().planner.call('PUT', '/v1/servers/dedicated-2', {
      host,
      port,
      adminUser: 'limited',
      adminSecretRef: 'env:REHOME_SECRET_LIMITED',
    });
    await answer(knownServer('dedicated-2', 'shop_app', APP_PASSWORD));
    const body = await takenBack(tenant);
    expect(body.reasons[0]?.code).toBe('PREFLIGHT_FAILED');
    expect(body.reasons[0]?.detail).toContain('alter role "limited" superuser');
    expect(await starts(tenant)).toBe(1);
  }, 180_000);
});

describe('a provisioner', () => {
  it('that answers 500, nonsense and nothing is asked again; its server is addressed by the name it gave [c8 c23]', async () => {
    const tenant = await given().tenant();
    await given().provisionerFaults({ status500: 1, nonsense: 1, hang: 1, answer: { db_host: 'localhost' } });
    const body = await given().ended(await given().upgrade(tenant));
    expect(body).toMatchObject({ status: 'completed', result: { certificate: { after: { host: 'localhost' } } } });
    expect(tenant.config()).toMatch(/^db_host = localhost$/m);
    expect(body.steps.find(({ kind }) => kind === 'provision-server')?.attempt).toBeGreaterThanOrEqual(4);
    expect(await tenant.healthy()).toMatchObject({ connectedTo: { host: 'localhost' } });

    for (const [wish, code] of [
      ['cancel', 'STATE_CONFLICT'],
      ['rollback', 'POINT_OF_NO_RETURN_PASSED'],
    ]) {
      const refused = await given().planner.raw('POST', `/v1/migrations/${body.migrationId}/${wish ?? ''}`, {});
      expect([refused.status, await refused.json()]).toMatchObject([409, { code }]);
    }
  }, 180_000);

  it('may answer a server that the registry knows: its user is then the application role alone [c9 c11]', async () => {
    const tenant = await given().tenant();
    const user = `Shop "app" ${randomUUID().slice(0, 4)}`;
    await answer(knownServer('dedicated-1', user, APP_PASSWORD));
    const body = await given().ended(await given().upgrade(tenant));
    expect(body.status).toBe('completed');
    const { adminUrl, port } = given().stack.server('dedicated-1');
    const owners = await given().query(
      adminUrl,
      'postgres',
      `select rolname, rolsuper, rolcreaterole, rolcreatedb
         from pg_database d
         join pg_roles r on r.oid = d.datdba
        where datname = '${tenant.options.database}'`,
    );
    expect(owners).toEqual([{ rolname: user, rolsuper: false, rolcreaterole: false, rolcreatedb: false }]);
    expect(await tenant.healthy()).toMatchObject({ connectedTo: { port, user } });
    const record = await given().planner.call('GET', `/v1/instances/${tenant.instanceId}`);
    expect(record).toMatchObject({ server: 'dedicated-1', port, user, dbType: 'dedicated' });
  }, 180_000);
});
