import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { givenProjectDatabase } from '../../harness/given-project-database.js';
import { projectYaml, type ProjectSources } from '../../harness/project-rig.js';

const { rig, database, applyParams, apply, live } = givenProjectDatabase();

const SHOP: ProjectSources = {
  'project.yaml': projectYaml('shop'),
  'migrations/main/v001_initial.up.sql':
    'create table customers (id bigint generated always as identity primary key, name text not null);\n' +
    'create table orders (id serial primary key, customer_id bigint references customers);\n',
  'migrations/main/v001_initial.down.sql': 'drop table orders;\ndrop table customers;\n',
  'migrations/main/v002_status.up.sql': "alter table orders add column status text not null default 'open';\n",
  'migrations/main/v002_status.verify.sql':
    "select count(*) = 1 from information_schema.columns where table_name = 'orders' and column_name = 'status';\n",
  'migrations/main/v003_index.up.sql':
    '-- transaction: off\ncreate index concurrently orders_by_status on orders (status);\n',
};

interface Tracked {
  version: string;
  status: string;
}

function tracked(): Promise<Tracked[]> {
  return live<Tracked>(`select version, status from rehome.schema_migrations order by schema, version`);
}

describe('applying migrations', () => {
  it('tracks every version with status, duration and who asked [d1] [d28]', async () => {
    const params = await applyParams(SHOP);
    const result = await rig().attempt({ kind: 'apply-migrations', params });
    expect(result.migrations.map(({ version, status }) => [version, status])).toEqual([
      ['v001', 'applied'],
      ['v002', 'applied'],
      ['v003', 'applied'],
    ]);
    const [row] = await live<Record<string, unknown>>(
      `select name, applied_by, execution_time_ms >= 0 as timed, length(checksum) as digits from rehome.schema_migrations order by version`,
    );
    expect(row).toEqual({ name: 'initial', applied_by: 'key:deploy', timed: true, digits: 64 });
    const trail = await live<{ action: string; actor: string }>(
      `select action, actor from rehome.audit_trail where table_name = 'schema_migrations'`,
    );
    expect(trail.map(({ action }) => action)).toEqual([
      'applied main/v003_index of shop in public',
      'applied main/v002_status of shop in public',
      'applied main/v001_initial of shop in public',
    ]);
    expect(trail[0]?.actor).toBe('key:deploy');
  });

  it('leaves the database to its owner and its rows to the application, and its records to neither [d27]', async () => {
    await apply(SHOP);
    const { application, owner } = database();
    const [found] = await live<Record<string, unknown>>(
      `select (select tableowner from pg_tables where tablename = 'orders') as owner,
              has_table_privilege($1, 'orders', 'insert') and has_table_privilege($1, 'orders', 'delete') as dml,
              has_table_privilege($1, 'orders', 'truncate') as truncate,
              has_sequence_privilege($1, 'orders_id_seq', 'usage') as sequence,
              has_table_privilege($1, 'rehome.schema_migrations', 'select') as reads,
              has_table_privilege($1, 'rehome.schema_migrations', 'insert') as writes,
              has_table_privilege($2, 'rehome.schema_migrations', 'update') as owner_writes`,
      [application, owner],
    );
    const rights = { dml: true, truncate: false, sequence: true, reads: true, writes: false, owner_writes: false };
    expect(found).toEqual({ owner, ...rights });
    await live(`set role ${owner}; create table later (id serial primary key)`);
    const [later] = await live<Record<string, unknown>>(
      `select has_table_privilege($1, 'later', 'update') as dml, has_sequence_privilege($1, 'later_id_seq', 'usage') as sequence`,
      [application],
    );
    expect(later).toEqual({ dml: true, sequence: true });
  });

  it('does nothing to what is applied already [e3]', async () => {
    const params = await applyParams(SHOP);
    const first = await rig().attempt({ kind: 'apply-migrations', params });
    const again = await rig().attempt({ kind: 'apply-migrations', params });
    expect(again).toEqual(first);
  });

  it('rolls a failing migration back whole, records it, and lets earlier ones stand [d2]', async () => {
    const sources = {
      ...SHOP,
      'migrations/main/v002_status.up.sql':
        "alter table orders add column status text;\n\ninsert into orders (status)\n  values ('open', 1);\n",
    };
    const params = await applyParams(sources);
    await expect(rig().attempt({ kind: 'apply-migrations', params })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      sqlState: '42601',
      facts: { version: 'v002', path: 'migrations/main/v002_status.up.sql', line: 4 },
    });
    expect(await tracked()).toEqual([
      { version: 'v001', status: 'applied' },
      { version: 'v002', status: 'failed' },
    ]);
    const [error] = await live<Record<string, unknown>>(
      `select path, line, sqlstate, statement from rehome.migration_errors`,
    );
    expect(error).toMatchObject({ line: 4, sqlstate: '42601', statement: expect.stringContaining('insert into') });
    const columns = await live(
      `select from information_schema.columns where table_name = 'orders' and column_name = 'status'`,
    );
    expect(columns).toEqual([]);
  });

  it('fails with the file and line of a verification that does not hold, and keeps nothing of the migration', async () => {
    const sources = {
      ...SHOP,
      'migrations/main/v002_status.verify.sql': 'select true;\nselect count(*) > 0 from orders;\n',
    };
    await expect(apply(sources)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      facts: { path: 'migrations/main/v002_status.verify.sql', line: 2 },
    });
    expect(await tracked()).toContainEqual({ version: 'v002', status: 'failed' });
  });

  it('goes on with the corrected script after a failure [d23]', async () => {
    const broken = { ...SHOP, 'migrations/main/v002_status.up.sql': 'alter table nowhere add column status text;\n' };
    const migrationId = randomUUID();
    const params = await applyParams(broken);
    await expect(rig().attempt({ kind: 'apply-migrations', params, migrationId })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
    });
    const kept = await rig().undo({ kind: 'apply-migrations', params, migrationId });
    expect(kept).toMatchObject({ kept: [{ version: 'v001' }], failed: { version: 'v002' } });
    expect(await rig().undo({ kind: 'apply-migrations', params, migrationId })).toEqual(kept);
    await apply(SHOP);
    expect((await tracked()).map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
  });

  it('writes a line per migration into the file of the day [d30]', async () => {
    await apply(SHOP);
    const [file] = await readdir(join(rig().directory, 'log'));
    expect(file).toMatch(/^migration-\d{4}-\d{2}-\d{2}\.log$/);
    const text = await readFile(join(rig().directory, 'log', file ?? ''), 'utf8');
    expect(text).toContain(`applied shop main/v003_index at main/${database().address.database} schema public in `);
  });

  it('writes a line of what was faked, too [d30]', async () => {
    const params = await applyParams(SHOP);
    const migrations = params.migrations.map((one) => ({ ...one, action: 'fake' as const }));
    for (const _again of [1, 2]) await rig().attempt({ kind: 'apply-migrations', params: { ...params, migrations } });
    const [file = ''] = await readdir(join(rig().directory, 'log'));
    const text = await readFile(join(rig().directory, 'log', file), 'utf8');
    expect(
      text.match(new RegExp(`faked shop main/v003_index at main/${database().address.database} `, 'g')),
    ).toHaveLength(1);
  });

  it('counts and times what it ran, by how it ended [d29]', async () => {
    const broken = { 'migrations/main/v004_broken.up.sql': 'select 1 / 0;\n' };
    const of = async (outcome: string): Promise<number> =>
      valueOf(await rig().tools.metrics.text(), `rehome_project_migrations_total{.*outcome="${outcome}"}`);
    const timed = async (): Promise<number> =>
      valueOf(await rig().tools.metrics.text(), 'rehome_project_migration_seconds_count{.*}');
    const before = [await of('applied'), await of('failed'), await timed()];
    const params = await applyParams({ ...SHOP, ...broken });
    await expect(rig().attempt({ kind: 'apply-migrations', params })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
    });
    const [applied = 0, failed = 0, all = 0] = before;
    expect([await of('applied'), await of('failed'), await timed()]).toEqual([applied + 3, failed + 1, all + 4]);
  });
});

describe('an apply whose database changed since its inspection', () => {
  const LATER = {
    ...SHOP,
    'migrations/main/v004_later.up.sql': '-- requires: v002\nalter table orders add column later text;\n',
  };

  it('refuses under the lock what builds on another text of a version than its project has', async () => {
    await apply(SHOP);
    const corrected = { ...LATER, 'migrations/main/v001_initial.up.sql': 'create table customers (id int);\n' };
    const params = await applyParams(corrected);
    const migrations = params.migrations.filter(({ version }) => version === 'v004');
    await expect(rig().attempt({ kind: 'apply-migrations', params: { ...params, migrations } })).rejects.toMatchObject({
      code: 'DRIFT_DETECTED',
      message: expect.stringContaining('migrations/main/v001_initial.up.sql was changed after it was applied'),
    });
    expect((await tracked()).map(({ version }) => version)).toEqual(['v001', 'v002', 'v003']);
  });

  it('refuses under the lock what requires a version that was taken back [d32]', async () => {
    await apply(SHOP);
    await live(`update rehome.schema_migrations set status = 'rolled_back' where version = 'v002'`);
    const params = await applyParams(LATER);
    const migrations = params.migrations.filter(({ version }) => version === 'v004');
    await expect(rig().attempt({ kind: 'apply-migrations', params: { ...params, migrations } })).rejects.toMatchObject({
      code: 'DRIFT_DETECTED',
      message: expect.stringContaining('main/v004_later requires main/v002, which is gone'),
    });
  });
});

/** 0 for a series that is not there yet. */
function valueOf(metrics: string, series: string): number {
  return Number(new RegExp(`^${series} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0);
}
