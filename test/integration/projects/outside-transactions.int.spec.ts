import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { MigratedDatabase, ApplyMigrationsParams } from '#shared/contracts/steps/project-steps.js';
import { givenProjectDatabase } from '../../harness/given-project-database.js';
import { until } from '../../harness/move-outcome.js';
import { projectYaml, type ProjectSources } from '../../harness/project-rig.js';

const { rig, database, applyParams, live } = givenProjectDatabase();

async function paramsOf(
  scripts: ProjectSources,
  more: Partial<MigratedDatabase> = {},
  yaml = projectYaml('lone'),
): Promise<ApplyMigrationsParams> {
  return applyParams({ 'project.yaml': yaml, ...scripts }, more);
}

function statuses(): Promise<{ version: string; status: string }[]> {
  return live(`select version, status from rehome.schema_migrations order by version`);
}

describe('a script outside a transaction', () => {
  it('leaves the records that follow it to the administrator', async () => {
    const yaml =
      'name: lone\ndatabases:\n  main: { server: main, database: shop }\n  far: { server: main, database: far }\nrouter: { default: main, apps: { far: far } }\n';
    const scripts = {
      'migrations/main/001_index.up.sql':
        '-- transaction: off\ncreate table runs (id int);\ncreate index concurrently on runs (id);\n',
      'migrations/far/002_table.up.sql': '-- requires: main/001\ncreate table far_things (id int);\n',
    };
    await rig().attempt({ kind: 'apply-migrations', params: await paramsOf(scripts, {}, yaml) });
    expect(await statuses()).toEqual([
      { version: '001', status: 'applied' },
      { version: '002', status: 'elsewhere' },
    ]);
  });

  it('waits for locks as the file says, else as the project does, also behind a build that waits without end', async () => {
    const found = (table: string) =>
      `create table ${table} as select current_setting('lock_timeout') as timeout;\ncreate index concurrently on ${table} (timeout);\ninsert into ${table} select current_setting('lock_timeout');\n`;
    const scripts = {
      'migrations/main/001_project.up.sql': `-- transaction: off\n${found('by_project')}`,
      'migrations/main/002_file.up.sql': `-- transaction: off\n-- lock-timeout: 700ms\n${found('by_file')}`,
    };
    await rig().attempt({ kind: 'apply-migrations', params: await paramsOf(scripts) });
    expect(await live('select distinct timeout from by_project')).toEqual([{ timeout: '2s' }]);
    expect(await live('select distinct timeout from by_file')).toEqual([{ timeout: '700ms' }]);
  });

  it('runs triggers that were put off as the owner, and fails with the place of the statement that put them off', async () => {
    const { owner } = database();
    const scripts = {
      'migrations/main/001_tables.up.sql':
        'create table parents (id int primary key);\n' +
        'create table children (id int, parent int references parents deferrable initially deferred);\n' +
        'create table seen (role text);\n' +
        "create function see() returns trigger language plpgsql as 'begin insert into seen values (current_user); return null; end';\n" +
        'create constraint trigger see after insert on children deferrable initially deferred for each row execute function see();\n',
      'migrations/main/002_rows.up.sql':
        '-- transaction: off\ninsert into children values (1, null);\ninsert into children values (2, 7);\n',
    };
    const params = await paramsOf(scripts);
    await expect(rig().attempt({ kind: 'apply-migrations', params })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      sqlState: '23503',
      facts: expect.objectContaining({ line: 3 }),
    });
    expect(await live('select role from seen')).toEqual([{ role: owner }]);
    expect(await statuses()).toContainEqual({ version: '002', status: 'failed' });
  });

  it('leaves no journal behind when it was corrected to one in a transaction', async () => {
    const table = { 'migrations/main/001_table.up.sql': 'create table runs (id int);\n' };
    const rows = (header: string, id: string) => ({
      ...table,
      'migrations/main/002_rows.up.sql': `${header}insert into runs values (1);\ninsert into runs values (${id});\n`,
    });
    const failing = await paramsOf(rows('-- transaction: off\n', "'no number'::text"));
    await expect(rig().attempt({ kind: 'apply-migrations', params: failing })).rejects.toThrow(/002_rows/);
    expect(await live('select from rehome.statement_journal')).toHaveLength(1);
    await rig().attempt({ kind: 'apply-migrations', params: await paramsOf(rows('', '2')) });
    expect(await live('select from rehome.statement_journal')).toEqual([]);
  });

  it('that detaches a partition is finalized when its session ended in the middle', async () => {
    const scripts = {
      'migrations/main/001_tables.up.sql':
        'create table events (id int) partition by range (id);\ncreate table events_1 partition of events for values from (0) to (10);\n',
      'migrations/main/002_detach.up.sql':
        '-- transaction: off\nalter table events detach partition events_1 concurrently;\n',
    };
    const params = await paramsOf(scripts);
    const migrationId = randomUUID();
    const [tables] = params.migrations;
    await rig().attempt({
      kind: 'apply-migrations',
      params: { ...params, migrations: tables === undefined ? [] : [tables] },
    });
    const reader = await rig().client(database().address.database);
    await reader.query('begin; select from events');
    const applying = rig().attempt({ kind: 'apply-migrations', params, migrationId });
    const ended = expect(applying).rejects.toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
    await until('the half of it that is committed', async () => {
      const [row] = await live<object>(
        `select pg_terminate_backend(pid)
           from pg_stat_activity, pg_inherits
          where inhdetachpending and query like '%detach partition%concurrently' and pid <> pg_backend_pid()`,
      );
      return row;
    });
    await ended;
    await reader.query('rollback');
    await reader.end();
    await rig().attempt({ kind: 'apply-migrations', params, migrationId, attempt: 2 });
    expect(await live('select from pg_inherits')).toEqual([]);
    expect(await statuses()).toContainEqual({ version: '002', status: 'applied' });
  });
});

describe('a script that PostgreSQL refuses', () => {
  it('because of what it did itself before is not tried again', async () => {
    const scripts = {
      'migrations/main/001_pending.up.sql':
        'create table parents (id int primary key);\n' +
        'create table children (parent int references parents deferrable initially deferred);\n' +
        'insert into parents values (1);\ninsert into children values (1);\nalter table children add column name text;\n',
    };
    await expect(rig().attempt({ kind: 'apply-migrations', params: await paramsOf(scripts) })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      sqlState: '55006',
      facts: expect.objectContaining({ line: 5 }),
    });
    expect(await statuses()).toEqual([{ version: '001', status: 'failed' }]);
  });
});
