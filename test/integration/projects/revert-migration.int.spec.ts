import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { MigrationName } from '#shared/contracts/projects.js';
import type { ProjectPin, SwapDatabaseParams } from '#shared/contracts/steps/project-steps.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { givenProjectDatabase } from '../../harness/given-project-database.js';
import { projectYaml, type ProjectSources } from '../../harness/project-rig.js';

const { rig, database, applyParams, live } = givenProjectDatabase();

const SHOP: ProjectSources = {
  'project.yaml': projectYaml('shop'),
  'migrations/main/v001_initial.up.sql': 'create table orders (id int primary key);\n',
  'migrations/main/v001_initial.down.sql': 'drop table orders;\n',
  'migrations/main/v002_status.up.sql': '-- requires: v001\nalter table orders add column status text;\n',
  'migrations/main/v002_status.down.sql': 'alter table orders drop column status;\n',
  'migrations/main/v003_index.up.sql':
    '-- transaction: off\ncreate index concurrently orders_by_status on orders (status);\n',
  'migrations/main/v003_index.down.sql': '-- transaction: off\ndrop index concurrently orders_by_status;\n',
  'rollback/emergency.sql': 'alter table orders drop column if exists status;\n',
  'rollback/broken.sql': 'alter table orders drop column status;\nselect 1 / 0;\n',
};
const STATUS: MigrationName = { app: 'main', version: 'v002', name: 'status' };
const INDEX: MigrationName = { app: 'main', version: 'v003', name: 'index' };

async function applied(): Promise<ProjectPin> {
  const params = await applyParams(SHOP);
  await rig().attempt({ kind: 'apply-migrations', params });
  return params.project;
}

function revertOf(project: ProjectPin, migration: MigrationName, script?: string) {
  const target = rig().migrated(database());
  return { project, database: target, migration, revertedBy: 'key:dba', ...(script === undefined ? {} : { script }) };
}

/** The line of the day about the database [d30]. */
async function logged(status: string): Promise<string | undefined> {
  const [file = ''] = await readdir(join(rig().directory, 'log'));
  const lines = (await readFile(join(rig().directory, 'log', file), 'utf8')).split('\n');
  return lines.find((line) => line.includes(` ${status} shop `) && line.includes(database().address.database));
}

async function statusOf({ version }: MigrationName): Promise<string | undefined> {
  const rows = await live<{ status: string }>(
    `select status from rehome.schema_migrations where version = '${version}'`,
  );
  return rows[0]?.status;
}

function columns(): Promise<object[]> {
  return live(`select column_name from information_schema.columns where table_name = 'orders' order by 1`);
}

describe('taking a version back', () => {
  it('runs its down script and marks it as rolled back, and a next apply makes it again [d9]', async () => {
    const project = await applied();
    const result = await rig().attempt({ kind: 'revert-migration', params: revertOf(project, STATUS) });
    expect(result).toMatchObject({ status: 'rolled_back', schemas: 1, migration: STATUS });
    expect(await columns()).toEqual([{ column_name: 'id' }]);
    expect(await statusOf(STATUS)).toBe('rolled_back');
    const [entry] = await live<{ actor: string; action: string }>('select actor, action from rehome.audit_trail');
    expect(entry).toMatchObject({ actor: 'key:dba', action: 'rolled_back main/v002_status of shop in public' });
    await applied();
    expect(await statusOf(STATUS)).toBe('applied');
  });

  it('goes by the journal where the down script runs outside a transaction [d9]', async () => {
    const project = await applied();
    const migrationId = randomUUID();
    const params = revertOf(project, INDEX);
    const dead = await rig().dies('step.revert-migration.executed', { kind: 'revert-migration', params, migrationId });
    await rig().attempt({ kind: 'revert-migration', params, migrationId, attempt: 2 });
    await dead.wake().catch(() => undefined);
    expect(await statusOf(INDEX)).toBe('rolled_back');
    expect(await live(`select to_regclass('orders_by_status') as index`)).toEqual([{ index: null }]);
  });

  it('runs a script of the project in place of the down script [d10]', async () => {
    const project = await applied();
    const params = revertOf(project, STATUS, 'rollback/emergency.sql');
    await rig().attempt({ kind: 'revert-migration', params });
    expect(await statusOf(STATUS)).toBe('rolled_back');
  });

  it('leaves the version as it stood when the script fails, and tells why [d9] [d29] [d30]', async () => {
    const project = await applied();
    const params = revertOf(project, STATUS, 'rollback/broken.sql');
    await expect(rig().attempt({ kind: 'revert-migration', params })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      sqlState: '22012',
      facts: { path: 'rollback/broken.sql', line: 2 },
    });
    expect(await statusOf(STATUS)).toBe('applied');
    expect(await columns()).toHaveLength(2);
    expect(await live('select line from rehome.migration_errors')).toEqual([{ line: 2 }]);
    expect(await logged('failed')).toMatch(/broken\.sql/);
    expect(await rig().tools.metrics.text()).toMatch(/^rehome_project_migrations_total\{.*outcome="failed"\} 1$/m);
  });

  it('refuses what an applied version requires', async () => {
    const project = await applied();
    const params = revertOf(project, { app: 'main', version: 'v001', name: 'initial' });
    await expect(rig().attempt({ kind: 'revert-migration', params })).rejects.toMatchObject({
      code: 'PREFLIGHT_FAILED',
    });
  });
});

describe('putting a restored database in the place of the live one', () => {
  async function restored(migrationId: string): Promise<SwapDatabaseParams> {
    const project = await applied();
    const { address } = database();
    const workingName = `${address.database}__r00000000_1`;
    await rig().rows(
      'postgres',
      `create database ${quoteIdentifier(workingName)} template ${quoteIdentifier(address.database)} owner ${quoteIdentifier(database().owner)}`,
    );
    await rig().rows(
      'postgres',
      `comment on database ${quoteIdentifier(workingName)} is 'rehome migration ${migrationId}'`,
    );
    await live('insert into orders values (1)');
    return { address, workingName, project, migration: INDEX, schemas: ['public'], revertedBy: 'key:dba' };
  }

  it('keeps the live one aside, locked, and marks the version as rolled back [d10] [d30]', async () => {
    const migrationId = randomUUID();
    const params = await restored(migrationId);
    const application = await rig().client(database().address.database);
    const { keptAs } = await rig().attempt({ kind: 'swap-database', params, migrationId });
    await expect(application.query('select 1')).rejects.toThrow();
    expect(await statusOf(INDEX)).toBe('rolled_back');
    expect(await logged('rolled_back')).toContain('by key:dba');
    expect(await live('select from orders')).toEqual([]);
    expect(await rig().rows(keptAs, 'select id from orders')).toEqual([{ id: 1 }]);
    const [kept] = await rig().rows('postgres', `select datconnlimit as limit from pg_database where datname = $1`, [
      keptAs,
    ]);
    expect(kept).toEqual({ limit: 0 });
  });

  it.each(['marked', 'locked', 'aside', 'swapped'])(
    'goes on, or back, after its process died when it was %s',
    async (point) => {
      const migrationId = randomUUID();
      const params = await restored(migrationId);
      const dead = await rig().dies(`step.swap-database.${point}`, { kind: 'swap-database', params, migrationId });
      await rig().undo({ kind: 'swap-database', params, migrationId, attempt: 2 });
      expect(await live('select id from orders')).toEqual([{ id: 1 }]);
      const [open] = await rig().rows('postgres', `select datconnlimit as limit from pg_database where datname = $1`, [
        database().address.database,
      ]);
      expect(open).toEqual({ limit: -1 });
      await dead.wake().catch(() => undefined);
      await rig().dies(`step.swap-database.${point}`, { kind: 'swap-database', params, migrationId, attempt: 3 });
      await rig().attempt({ kind: 'swap-database', params, migrationId, attempt: 4 });
      expect(await live('select from orders')).toEqual([]);
    },
  );
});
