import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { PendingMigration } from '#shared/contracts/projects.js';
import type { ParamsOf } from '#shared/contracts/steps/step-types.js';
import { givenProjectDatabase } from '../../harness/given-project-database.js';
import { projectYaml, type ProjectSources } from '../../harness/project-rig.js';

const { rig, database, live } = givenProjectDatabase();

const UP = `create table customers (id int primary key, name text not null);
create table orders (id int primary key, customer_id int references customers (id));
create index orders_by_customer on orders (customer_id);
`;
const SHOP: ProjectSources = {
  'project.yaml': projectYaml('shop'),
  'migrations/main/v001_initial.up.sql': UP,
  'migrations/main/v002_status.up.sql': 'alter table orders add column status text;\n',
  'migrations/main/v003_index.up.sql':
    '-- transaction: off\ncreate index concurrently orders_by_status on orders (status);\n',
};

async function paramsOf(versions: readonly string[], sources = SHOP): Promise<ParamsOf<'prove-fakes'>> {
  const project = await rig().push(sources);
  const all = await rig().pending(project, 'main');
  const migrations = all
    .filter(({ version }) => versions.includes(version))
    .map((one): PendingMigration => ({ ...one, action: 'fake' }));
  return { project, database: rig().migrated(database()), migrations };
}

/** As a database looks that another tool has migrated as the owner. */
function ownerMade(text: string): Promise<object[]> {
  return live(`set role ${database().owner}; ${text}`);
}

async function scratchDatabases(): Promise<unknown[]> {
  return rig().rows('postgres', `select datname from pg_database where datname like $1`, [
    `${database().address.database}__f%`,
  ]);
}

describe('proving what is to be recorded as applied', () => {
  it('holds when all of it stands there and is equal, whatever else is there [e7]', async () => {
    await ownerMade(`${UP} create table of_another_tool (id int); alter table orders add column status text`);
    const result = await rig().attempt({ kind: 'prove-fakes', params: await paramsOf(['v001', 'v002']) });
    expect(result.faked).toEqual(['main/v001_initial', 'main/v002_status']);
    expect(result.objects).toBeGreaterThan(8);
    expect(await scratchDatabases()).toEqual([]);
  });

  it('proves what is made outside of a transaction, too', async () => {
    await ownerMade(
      `${UP} alter table orders add column status text; create index orders_by_status on orders (status)`,
    );
    const result = await rig().attempt({ kind: 'prove-fakes', params: await paramsOf(['v001', 'v002', 'v003']) });
    expect(result.faked).toHaveLength(3);
  });

  it('names every difference and records nothing [e7]', async () => {
    await live(
      `create table customers (id bigint primary key, name text not null, vat text);
       create table orders (id int primary key, customer_id int)`,
    );
    const proof = rig().attempt({ kind: 'prove-fakes', params: await paramsOf(['v001']) });
    await expect(proof).rejects.toMatchObject({ code: 'BASELINE_DIFFERS' });
    const message = await proof.then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    expect(message).toContain('column public.customers.id: type would be integer, is bigint');
    expect(message).toContain('column public.customers.vat is made by none of them');
    expect(message).toContain('index public.orders_by_customer is missing');
    expect(message).toContain('orders_customer_id_fkey on public.orders is missing');
    expect(await scratchDatabases()).toEqual([]);
    expect(await live(`select to_regnamespace('rehome') as books`)).toEqual([{ books: null }]);
  });

  it('names the statement that gives it to the owner, where somebody else owns it [e7]', async () => {
    const kinds = {
      ...SHOP,
      'migrations/main/v001_initial.up.sql': `${UP}create table numbers (id serial);
create type state as enum ('open');
create function one() returns int language sql as 'select 1';
create materialized view totals as select 1 as n;
`,
    };
    await live(kinds['migrations/main/v001_initial.up.sql']);
    const { owner } = database();
    await live(`alter table customers owner to ${owner}; alter table orders owner to ${owner}`);
    const proof = rig().attempt({ kind: 'prove-fakes', params: await paramsOf(['v001'], kinds) });
    await expect(proof).rejects.toMatchObject({ code: 'BASELINE_DIFFERS' });
    const message = await proof.then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    const statements = message.match(/alter [^;.]*\.[^;.]* owner to "?[a-z0-9_]*/g);
    expect(statements?.sort()).toEqual([
      `alter materialized view public.totals owner to "${owner}`,
      `alter routine public.one() owner to "${owner}`,
      `alter table public.numbers owner to "${owner}`,
      `alter type public.state owner to "${owner}`,
    ]);
    for (const statement of statements ?? []) await live(`${statement}"`);
    await rig().attempt({ kind: 'prove-fakes', params: await paramsOf(['v001'], kinds) });
  });

  it('builds in each schema what stands in that one', async () => {
    const schemas = ['tenant_a', 'tenant_b'];
    const v001 = SHOP['migrations/main/v001_initial.up.sql'] ?? '';
    for (const schema of schemas) {
      await live(`create schema ${schema} authorization ${database().owner}`);
      await ownerMade(`set search_path = ${schema}; ${v001}`);
    }
    const { project, migrations, database: target } = await paramsOf(['v001']);
    const [first, second] = await rig().pending(project, 'main');
    const [tenants, one] = [
      { ...target, schemas },
      { ...target, schemas: schemas.slice(0, 1) },
    ];
    const own = [first, second].flatMap((migration) => migration ?? []);
    await live('drop table tenant_a.orders, tenant_a.customers');
    await rig().attempt({
      kind: 'apply-migrations',
      params: { project, database: one, migrations: own, appliedBy: 'key:deploy' },
    });
    await rig().attempt({ kind: 'prove-fakes', params: { project, database: tenants, migrations } });
  });

  it('leaves no scratch database when its process died', async () => {
    await ownerMade(UP);
    const params = await paramsOf(['v001']);
    const migrationId = randomUUID();
    const dead = await rig().dies('step.prove-fakes.built', { kind: 'prove-fakes', params, migrationId });
    expect(await scratchDatabases()).toHaveLength(1);
    await rig().attempt({ kind: 'prove-fakes', params, migrationId, attempt: 2 });
    expect(await scratchDatabases()).toEqual([]);
    await dead.wake().catch(() => undefined);
    await rig().dies('step.prove-fakes.created', { kind: 'prove-fakes', params, migrationId, attempt: 3 });
    await rig().undo({ kind: 'prove-fakes', params, migrationId, attempt: 4 });
    expect(await scratchDatabases()).toEqual([]);
  });

  it('records what is proven without running it, and runs the rest [e4] [e6]', async () => {
    await live(UP);
    await live(
      `grant all on all tables in schema public to ${database().owner}; alter table orders owner to ${database().owner}`,
    );
    const { project, database: target, migrations } = await paramsOf(['v001']);
    const all = await rig().pending(project, 'main');
    const wanted = all.map((one) => migrations.find(({ version }) => version === one.version) ?? one);
    const params = { project, database: target, migrations: wanted, appliedBy: 'key:deploy' };
    const result = await rig().attempt({ kind: 'apply-migrations', params });
    expect(result.migrations.map(({ version, status }) => [version, status])).toEqual([
      ['v001', 'faked'],
      ['v002', 'applied'],
      ['v003', 'applied'],
    ]);
  });
});
