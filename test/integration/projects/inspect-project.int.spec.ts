import { statfs } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { quoteIdentifier } from '#shared/database/identifier.js';
import type { InspectProjectParams, InspectProjectResult } from '#shared/contracts/steps/project-steps.js';
import { readDatabaseFacts } from '../../../apps/executor/src/postgres/inspection/database-facts.js';
import { checkPlaces } from '../../../apps/executor/src/steps/project/inspect/executor-checks.js';
import { givenProjectDatabase } from '../../harness/given-project-database.js';
import { addressOf, inSession } from '../../harness/moved-database.js';
import type { ProjectSources } from '../../harness/project-rig.js';
import { runPostgresUrl } from '../../harness/run-addresses.js';

const { rig, database, apply, live } = givenProjectDatabase();

const UP = 'create table orders (id int primary key);\n';

function shop(files: ProjectSources = {}, more = ''): ProjectSources {
  const { address, owner, application } = database();
  return {
    'project.yaml':
      `name: shop\ndatabases:\n  main: { server: main, database: ${address.database}, roles: { owner: ${owner}, application: ${application} }${more} }\n` +
      'router: { default: main }\n',
    'migrations/main/v001_initial.up.sql': UP,
    'migrations/main/v001_initial.down.sql': 'drop table orders;\n',
    'migrations/main/v002_status.up.sql': '-- requires: v001\nalter table orders add column status text;\n',
    ...files,
  };
}

async function inspect(
  sources: ProjectSources,
  more: Partial<InspectProjectParams> = {},
): Promise<InspectProjectResult> {
  const project = await rig().push(sources);
  return rig().attempt({
    kind: 'inspect-project',
    params: { project, servers: [rig().server], backup: false, ...more },
  });
}

function failed({ checks }: InspectProjectResult): string[] {
  return checks
    .filter(({ passed }) => !passed)
    .map(({ name, found, remedy }) => `${name}: ${found} -> ${remedy ?? ''}`);
}

describe('inspecting a project', () => {
  it('tells what is pending in order, with owner, schemas and size', async () => {
    const result = await inspect(shop());
    expect(failed(result)).toEqual([]);
    expect(result.routed).toEqual(['main']);
    expect(result.databases).toMatchObject([
      {
        ...{
          alias: 'main',
          schemas: ['public'],
          owner: database().owner,
          application: database().application,
          applied: 0,
        },
        pending: [
          { version: 'v001', action: 'run' },
          { version: 'v002', action: 'run', requires: ['main/v001'] },
        ],
      },
    ]);
  });

  it('names a database that does not exist with the statement that makes it [e13]', async () => {
    await rig().rows('postgres', `drop database ${quoteIdentifier(database().address.database)}`);
    const result = await inspect(shop());
    expect(result.databases).toEqual([]);
    expect(failed(result)).toEqual([
      expect.stringContaining(`create database "${database().address.database}" owner "${database().owner}"`),
    ]);
  });

  it('finds missing roles, schemas and settings all at once', async () => {
    const { database: name } = database().address;
    const sources = {
      ...shop(),
      'project.yaml':
        `name: shop\ndatabases:\n  main: { server: main, database: ${name}, roles: { owner: nobody_here, application: nor_here }, ` +
        "schemas: [tenant_1, 'tenant_*'], settings: { maintenance_work_mem: lots } }\nrouter: { default: main }\n",
    };
    const names = (await inspect(sources)).checks.filter(({ passed }) => !passed).map(({ name: check }) => check);
    expect(names).toEqual(['owner-role', 'application-role', 'schemas', 'settings']);
  });

  it('has nothing pending after an apply, and refuses a script that was changed since', async () => {
    await apply(shop());
    const again = await inspect(shop());
    expect(failed(again)).toEqual([]);
    expect(again.databases).toMatchObject([{ applied: 2, pending: [] }]);
    const changed = await inspect(shop({ 'migrations/main/v001_initial.up.sql': `${UP}-- and more\n` }));
    expect(failed(changed)).toEqual([expect.stringMatching(/^changed-files: main: .*v001_initial.up.sql was changed/)]);
  });

  it('tells where an application that was named later lacks its rights, until an apply of nothing gives them', async () => {
    const project = await rig().push(shop());
    const migrations = await rig().pending(project, 'main');
    const { application: _later, ...target } = rig().migrated(database());
    await rig().attempt({
      kind: 'apply-migrations',
      params: { project, database: target, migrations, appliedBy: 'key:deploy' },
    });
    expect((await inspect(shop())).databases).toMatchObject([{ pending: [], lacksGrants: true }]);
    const params = { project, database: rig().migrated(database()), migrations: [], appliedBy: 'key:deploy' };
    await rig().attempt({ kind: 'apply-migrations', params });
    expect((await inspect(shop())).databases[0]?.lacksGrants).toBeUndefined();
    const [granted] = await live<{ may: boolean }>(
      `select has_table_privilege('${database().application}', 'orders', 'insert') as may`,
    );
    expect(granted).toEqual({ may: true });
    await live(`revoke delete on orders from ${database().application}`);
    expect((await inspect(shop())).databases).toMatchObject([{ lacksGrants: true }]);
  });

  it('names what somebody changed by hand, by object [d29]', async () => {
    await apply(shop());
    await live('alter table orders add column by_hand int; create table stray (id int)');
    expect(failed(await inspect(shop()))).toEqual([
      expect.stringContaining('column public.orders.by_hand: was made by no migration; table public.stray'),
    ]);
  });

  it('judges tools and room for all backups before anything is begun [d26]', async () => {
    const { checks } = await inspect(shop(), { backup: true });
    const of = (name: string): unknown => checks.find((check) => check.name === name);
    expect(of('disk-headroom')).toMatchObject({ passed: true, found: expect.stringContaining('free in') });
    expect(of('versions')).toMatchObject({ found: expect.stringMatching(/^main: source 1\d, tools/) });
    expect(of('backup-privileges')).toMatchObject({ passed: true });
  });

  it('refuses when all backups together have no room, though each had, and says what to do [d26]', async () => {
    const { bavail, bsize } = await statfs(rig().tools.workRoot);
    const facts = await inSession(addressOf(runPostgresUrl(), database().address.database), readDatabaseFacts);
    const half = { facts: { ...facts, sizeBytes: String(Math.round(bavail * bsize * 0.6)) } };
    const judged = async (aliases: readonly string[]) => {
      const looks = aliases.map((alias) => ({ ...half, selected: { alias } }));
      return (await checkPlaces(rig().tools, looks)).find(({ name }) => name === 'disk-headroom');
    };
    expect(await judged(['main'])).toMatchObject({ passed: true });
    expect(await judged(['main', 'results'])).toMatchObject({
      passed: false,
      severity: 'error',
      remedy: expect.stringMatching(/^free \d+ MB there, or let REHOME_WORK_ROOT name another directory$/),
    });
  });

  it('refuses to take back what another version requires [d9]', async () => {
    await apply(shop());
    const revert = { database: 'main', version: 'v001' };
    const result = await inspect(shop(), { databases: [{ alias: 'main' }], revert });
    expect(failed(result)).toEqual([expect.stringContaining('main/v001_initial is required by main/v002_status')]);
    expect(result.revert).toBeUndefined();
  });

  it('decides for a thousand schemas in a few queries', async () => {
    const { owner } = database();
    await live(
      `do $$ begin for n in 1..1000 loop execute format('create schema tenant_%s authorization ${owner}', n); end loop; end $$`,
    );
    const startedAt = performance.now();
    const result = await inspect(shop({}, ", schemas: ['tenant_*']"));
    expect(result.databases[0]?.schemas).toHaveLength(1000);
    expect(result.databases[0]?.pending).toHaveLength(2);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
