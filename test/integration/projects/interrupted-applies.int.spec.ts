import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { givenProjectDatabase } from '../../harness/given-project-database.js';
import { until } from '../../harness/move-outcome.js';
import { projectYaml, type ProjectSources } from '../../harness/project-rig.js';

const { rig, database, applyParams, apply, live } = givenProjectDatabase();

/** Each version adds one row as well: what ran twice shows. */
const COUNTED: ProjectSources = {
  'project.yaml': projectYaml('counted'),
  'migrations/main/v001_initial.up.sql': 'create table runs (version text);\ninsert into runs values (1);\n',
  'migrations/main/v002_more.up.sql': 'insert into runs values (2);\nalter table runs add column more int;\n',
  'migrations/main/v003_index.up.sql':
    '-- transaction: off\ninsert into runs values (3);\ncreate index concurrently runs_by_version on runs (version);\ninsert into runs values (4);\n',
};

async function runs(): Promise<string> {
  const rows = await live<{ version: string }>('select version from runs order by 1');
  return rows.map(({ version }) => version).join('');
}

function invalidIndexes(): Promise<object[]> {
  return live('select indexrelid::regclass as name from pg_index where not indisvalid');
}

describe('an apply whose process dies', () => {
  it.each([
    'tracked',
    'claimed:v002',
    'before-commit:v001',
    'before-commit:v002',
    'after-commit:v002',
    'journaled:v003',
    'executed:v003',
    'marked:v003',
    'before-commit:v003',
    'after-commit:v003',
    'applied',
  ])('applies every version once when that was at %s', async (point) => {
    const params = await applyParams(COUNTED);
    const migrationId = randomUUID();
    const dead = await rig().dies(`step.apply-migrations.${point}`, { kind: 'apply-migrations', params, migrationId });
    await rig().attempt({ kind: 'apply-migrations', params, migrationId, attempt: 2 });
    await dead.wake().catch(() => undefined);
    expect(await runs()).toBe('1234');
    expect(await invalidIndexes()).toEqual([]);
    const rows = await live("select from rehome.schema_migrations where status = 'applied'");
    expect(rows).toHaveLength(3);
    expect(await live('select from rehome.statement_journal')).toEqual([]);
  });

  it('is named as failed by its undo when it stopped inside of a script, and the next apply goes on there [d23]', async () => {
    const params = await applyParams(COUNTED);
    const migrationId = randomUUID();
    await rig().dies('step.apply-migrations.journaled:v003', { kind: 'apply-migrations', params, migrationId });
    const kept = await rig().undo({ kind: 'apply-migrations', params, migrationId, attempt: 2 });
    expect(kept).toMatchObject({ kept: [{ version: 'v001' }, { version: 'v002' }], failed: { version: 'v003' } });
    await rig().attempt({ kind: 'apply-migrations', params });
    expect(await runs()).toBe('1234');
  });
});

describe('two applies at once', () => {
  it('apply every version once', async () => {
    const params = await applyParams(COUNTED);
    const both = [0, 1].map(() => rig().attempt({ kind: 'apply-migrations', params }));
    const [one, other] = await Promise.all(both);
    expect(one?.migrations.map(({ version }) => version)).toEqual(other?.migrations.map(({ version }) => version));
    expect(await runs()).toBe('1234');
  });

  it('keep each other out by name', async () => {
    const params = await applyParams(COUNTED);
    const first = await rig().dies('step.apply-migrations.before-commit:v001', { kind: 'apply-migrations', params });
    await expect(rig().attempt({ kind: 'apply-migrations', params })).rejects.toMatchObject({
      code: 'POSTGRES_TRANSIENT',
      message: expect.stringMatching(/^rehome:[0-9a-f]{8}:1 \(pid \d+\) migrates the same database/),
    });
    await first.wake().catch(() => undefined);
  });
});

describe('a lock in the way', () => {
  it('is waited for in short tries that let others through, until it is free', async () => {
    await apply(COUNTED);
    const sources = {
      ...COUNTED,
      'migrations/main/v004_late.up.sql': '-- lock-timeout: 100ms\nalter table runs add column late int;\n',
    };
    const holder = await rig().client(database().address.database);
    await holder.query('begin; lock table runs in access share mode');
    const applying = apply(sources);
    await until('the first try to give up', async () => {
      const tries = await live(
        `select from pg_stat_activity
          where datname = current_database() and application_name like 'rehome:%' and query = 'rollback'`,
      );
      return tries.length === 0 ? undefined : true;
    });
    await holder.query('commit');
    await holder.end();
    expect((await applying).migrations.at(-1)).toMatchObject({ version: 'v004', status: 'applied' });
  });

  it('is named by the backends that hold it while it is waited for', async () => {
    await apply(COUNTED);
    const late = { ...COUNTED, 'migrations/main/v004_late.up.sql': 'alter table runs add column late int;\n' };
    const holder = await rig().client(database().address.database);
    const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
    await holder.query('begin; lock table runs in access share mode');
    const told: string[] = [];
    const applying = rig().attempt({
      kind: 'apply-migrations',
      params: await applyParams(late),
      progress: ({ unit }) => told.push(unit),
    });
    const waiting = `migrations (waiting for pid ${String(rows[0]?.pid)})`;
    await until('the backend in the way', () => Promise.resolve(told.includes(waiting) ? true : undefined));
    await holder.query('commit');
    await holder.end();
    await applying;
    expect(told.at(-1)).toBe('migrations');
  });
});

describe('an index built without a transaction', () => {
  it('is cleaned away when the build fails, and built when its cause is gone [d25]', async () => {
    const unique = '-- transaction: off\ncreate unique index concurrently runs_once on runs (version);\n';
    const sources = {
      ...COUNTED,
      'migrations/main/v002_more.up.sql': "insert into runs values ('1');\n",
      'migrations/main/v003_index.up.sql': unique,
    };
    const params = await applyParams(sources);
    await expect(rig().attempt({ kind: 'apply-migrations', params })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      sqlState: '23505',
    });
    expect(await invalidIndexes()).toEqual([]);
    await live(`delete from runs where ctid = (select max(ctid) from runs)`);
    await rig().attempt({ kind: 'apply-migrations', params });
    expect(await live(`select indisvalid as valid from pg_index where indexrelid = 'runs_once'::regclass`)).toEqual([
      { valid: true },
    ]);
  });

  it('replaces one that somebody left half made, which `if not exists` would take for it [d25]', async () => {
    const sources = {
      ...COUNTED,
      'migrations/main/v003_index.up.sql':
        '-- transaction: off\ncreate index concurrently if not exists runs_by_version on runs (version);\n',
    };
    await rig().attempt({
      kind: 'apply-migrations',
      params: await applyParams({ ...sources, 'migrations/main/v003_index.up.sql': 'insert into runs values (3);\n' }),
    });
    await live(`create index runs_by_version on runs (version)`);
    await live(`update pg_index set indisvalid = false where indexrelid = 'runs_by_version'::regclass`);
    await live(`delete from rehome.schema_migrations where version = 'v003'`);
    await apply(sources);
    expect(await invalidIndexes()).toEqual([]);
  });

  it('tells how far it is while it waits and works [d25]', async () => {
    const holder = await rig().client(database().address.database);
    const { 'migrations/main/v003_index.up.sql': _index, ...before } = COUNTED;
    await apply(before);
    await holder.query("begin; insert into runs values ('held')");
    const told: string[] = [];
    const applying = rig().attempt({
      kind: 'apply-migrations',
      params: await applyParams(COUNTED),
      progress: ({ unit }) => told.push(unit),
    });
    await until('progress of the build', () =>
      Promise.resolve(told.some((unit) => unit.startsWith('transactions (waiting')) ? true : undefined),
    );
    await holder.query('rollback');
    await holder.end();
    await applying;
    expect(told).toContain('migrations');
  });

  it('is left alone while another session builds it, which the owner may not see', async () => {
    const { 'migrations/main/v003_index.up.sql': _index, ...before } = COUNTED;
    await apply(before);
    const [holder, builder] = [
      await rig().client(database().address.database),
      await rig().client(database().address.database),
    ];
    await holder.query("begin; insert into runs values ('held')");
    const building = builder.query('create index concurrently runs_by_version on runs (version)');
    await until('the build to wait', async () => {
      const [row] = await live<object>(
        `select from pg_stat_progress_create_index where phase like 'waiting%' and datname = current_database()`,
      );
      return row;
    });
    await expect(apply(COUNTED)).rejects.toMatchObject({
      code: 'POSTGRES_TRANSIENT',
      message: expect.stringMatching(/^session \d+ builds index public.runs_by_version right now/),
    });
    await holder.query('rollback');
    await building;
    await Promise.all([holder.end(), builder.end()]);
  });

  it('stops for a person where nobody can tell what a statement did', async () => {
    const sources = {
      ...COUNTED,
      'migrations/main/v003_index.up.sql': '-- transaction: off\nalter database postgres set tablespace nowhere;\n',
    };
    const params = await applyParams(sources);
    const migrationId = randomUUID();
    await rig().dies('step.apply-migrations.journaled:v003', { kind: 'apply-migrations', params, migrationId });
    const again = rig().attempt({ kind: 'apply-migrations', params, migrationId, attempt: 2 });
    await expect(again).rejects.toMatchObject({ code: 'STEP_STATE_UNKNOWN' });
  });
});

describe('many schemas', () => {
  it('get every version each, in a few sessions [e18]', async () => {
    const count = 200;
    const { owner } = database();
    await live(
      `do $$ begin for n in 1..${String(count)} loop execute format('create schema tenant_%s authorization ${owner}', n); end loop; end $$`,
    );
    const schemas = Array.from({ length: count }, (_, index) => `tenant_${String(index + 1)}`);
    const versions = Array.from({ length: 10 }, (_, index) => {
      const version = String(index + 1).padStart(3, '0');
      return [`migrations/main/v${version}_t.up.sql`, `create table t${version} (id int primary key);\n`] as const;
    });
    const params = await applyParams(
      { 'project.yaml': projectYaml('many'), ...Object.fromEntries(versions) },
      { schemas },
    );
    const result = await rig().attempt({ kind: 'apply-migrations', params });
    expect(result.migrations.map((one) => one.schemas)).toEqual(versions.map(() => count));
  }, 120_000);

  it('of which one refuses a version are left there with what stood before it, and go on from there', async () => {
    const schemas = Array.from({ length: 12 }, (_, index) => `tenant_${String(index + 1)}`);
    for (const schema of schemas) await live(`create schema ${schema} authorization ${database().owner}`);
    await live('create table tenant_5.third (in_the_way int)');
    const sources = {
      'project.yaml': projectYaml('refused'),
      // Each ends in a comment: nothing that is sent after it may be taken for one.
      'migrations/main/v001_first.up.sql': 'create table first (id int) -- the first\n',
      'migrations/main/v002_second.up.sql':
        "insert into first values (2);\ncreate table second (id int) -- it's the second\n",
      'migrations/main/v003_third.up.sql': 'create table third (id int);\n',
      'migrations/main/v004_fourth.up.sql': 'create table fourth (id int);\n',
    };
    const params = await applyParams(sources, { schemas });
    const options = { kind: 'apply-migrations', params } as const;
    await expect(rig().attempt(options)).rejects.toThrow(/v003_third failed .* schema tenant_5: .*up\.sql:1 /);
    const inTheFifth = `select version, status from rehome.schema_migrations where schema = 'tenant_5' order by 1`;
    expect(await live(inTheFifth)).toEqual([
      { version: 'v001', status: 'applied' },
      { version: 'v002', status: 'applied' },
      { version: 'v003', status: 'failed' },
    ]);
    await live('drop table tenant_5.third');
    const result = await rig().attempt(options);
    expect(result.migrations.map((one) => [one.version, one.schemas])).toEqual(
      ['v001', 'v002', 'v003', 'v004'].map((version) => [version, 12]),
    );
    expect(await live('select id from tenant_5.first')).toEqual([{ id: 2 }]);
    expect(await live(`select count(*)::int as applied from rehome.migration_log where status = 'applied'`)).toEqual([
      { applied: 48 },
    ]);
  });

  it('are done one by one where they stand in each other’s way', async () => {
    const schemas = Array.from({ length: 12 }, (_, index) => `tenant_${String(index + 1)}`);
    for (const schema of schemas) await live(`create schema ${schema} authorization ${database().owner}`);
    const sources = {
      'project.yaml': projectYaml('shared'),
      'migrations/main/v001_function.up.sql':
        'create or replace function public.shared() returns int language sql as $$ select 1 $$;\ncreate table t (id int);\n',
    };
    const result = await apply(sources, { schemas });
    expect(result.migrations[0]?.schemas).toBe(12);
  });

  it('wait for locks as the file says, else as the project does', async () => {
    const found = (table: string) => `create table ${table} as select current_setting('lock_timeout') as timeout;\n`;
    const sources = {
      'project.yaml': projectYaml('patience'),
      'migrations/main/v001_project.up.sql': found('by_project'),
      'migrations/main/v002_file.up.sql': `-- lock-timeout: 700ms\n${found('by_file')}`,
    };
    const params = await applyParams(sources);
    const patient = { ...params.database, settings: { lock_timeout: '5s' } };
    await rig().attempt({ kind: 'apply-migrations', params: { ...params, database: patient } });
    expect(await live('select timeout from by_file')).toEqual([{ timeout: '700ms' }]);
    expect(await live('select timeout from by_project')).toEqual([{ timeout: '5s' }]);
  });

  it('keep settings of their database to themselves [e18]', async () => {
    const sources = {
      'project.yaml': projectYaml('settings'),
      'migrations/main/v001_memory.up.sql':
        "create table found as select current_setting('maintenance_work_mem') as memory, current_user::text as role, current_schema()::text as schema;\nset statement_timeout = '7s';\n",
      'migrations/main/v002_after.up.sql':
        "create table later as select current_setting('statement_timeout') as timeout;\n",
    };
    const params = await applyParams(sources);
    const withMemory = { ...params.database, settings: { maintenance_work_mem: '77MB' } };
    await rig().attempt({ kind: 'apply-migrations', params: { ...params, database: withMemory } });
    expect(await live('select * from found')).toEqual([{ memory: '77MB', role: database().owner, schema: 'public' }]);
    expect(await live('select * from later')).toEqual([{ timeout: '0' }]);
  });
});
