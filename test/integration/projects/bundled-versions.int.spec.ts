import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ApplyMigrationsParams } from '#shared/contracts/steps/project-steps.js';
import { runBundle } from '../../../apps/executor/src/projects/running/run-bundle.js';
import type { ScriptRun } from '../../../apps/executor/src/projects/running/schema-run.js';
import { ensureTracking } from '../../../apps/executor/src/projects/tracking/tracking-tables.js';
import { recordStatus } from '../../../apps/executor/src/projects/tracking/tracking-rows.js';
import { until } from '../../harness/move-outcome.js';
import { ProjectRig, projectYaml, type ProjectSources, type RigDatabase } from '../../harness/project-rig.js';

let rig: ProjectRig;
let database: RigDatabase;

const SCHEMAS = Array.from({ length: 9 }, (_, index) => `tenant_${String(index + 1)}`);

beforeAll(async () => {
  rig = await ProjectRig.create();
}, 60_000);

afterAll(async () => {
  await rig.close();
}, 60_000);

beforeEach(async () => {
  database = await rig.database();
  for (const schema of SCHEMAS) await live(`create schema ${schema} authorization ${database.owner}`);
});

async function paramsOf(scripts: ProjectSources): Promise<ApplyMigrationsParams> {
  const project = await rig.push({ 'project.yaml': projectYaml('bundled'), ...scripts });
  const migrations = await rig.pending(project, 'main');
  return { project, database: rig.migrated(database, { schemas: SCHEMAS }), migrations, appliedBy: 'key:deploy' };
}

function live<Row extends object>(text: string): Promise<Row[]> {
  return rig.rows<Row>(database.address.database, text);
}

/** Each leaves a row: what ran twice shows. */
const COUNTED: ProjectSources = {
  'migrations/main/v001_runs.up.sql': 'create table runs (version int);\ninsert into runs values (1);\n',
  'migrations/main/v002_held.up.sql': 'insert into runs values (2);\ninsert into public.held default values;\n',
  'migrations/main/v003_more.up.sql': 'insert into runs values (3);\n',
};

describe('versions that are sent together', () => {
  it('leave nothing of one that somebody else has settled meanwhile', async () => {
    const params = await paramsOf({ 'migrations/main/v001_t.up.sql': 'create table t (id int);\n' });
    const [file] = (await rig.tools.projects.load(params.project)).migrations;
    if (file === undefined) throw new Error('the project has no version');
    const [session, admin] = [await rig.client(database.address.database), await rig.client(database.address.database)];
    await ensureTracking(admin);
    const [schema = ''] = SCHEMAS;
    const { app, version, name, checksum } = file;
    const tracked = {
      project: 'bundled',
      schema,
      app,
      version,
      name,
      checksum,
      by: 'other',
      migrationId: randomUUID(),
    };
    await recordStatus(admin, tracked, { status: 'applied', executionTimeMs: 0 });
    const around: ScriptRun['around'] = {
      signal: new AbortController().signal,
      waiting: new AbortController().signal,
      check: () => Promise.resolve(),
      reach: () => Promise.resolve(),
      waited: () => undefined,
      building: () => undefined,
    };
    const own = { ...tracked, migrationId: randomUUID() };
    const run = { database: params.database, file, script: file.up, tracked: own, around, session };
    expect(await runBundle(admin, [run])).toEqual({ tried: 1, applied: [] });
    expect(await live(`select from pg_tables where schemaname = '${schema}'`)).toEqual([]);
    await Promise.all([session.end(), admin.end()]);
  });

  it('stand once each when a session ends amid them, and the others wait for locks no longer', async () => {
    await live('create table public.held (id int generated always as identity)');
    await live(`alter table public.held owner to ${database.owner}`);
    const params = await paramsOf(COUNTED);
    const migrationId = randomUUID();
    const holder = await rig.client(database.address.database);
    await holder.query('begin; lock table public.held');
    const applying = rig.attempt({ kind: 'apply-migrations', params, migrationId });
    const ended = expect(applying).rejects.toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
    await until('a session that waits in its second version', async () => {
      const killed = await live(
        `select pg_terminate_backend(pid)
           from pg_stat_activity
          where datname = current_database() and application_name like 'rehome:%' and wait_event_type = 'Lock'
          limit 1`,
      );
      return killed.length === 0 ? undefined : true;
    });
    await ended;
    await holder.query('rollback');
    await holder.end();
    expect(await live(`select from rehome.schema_migrations where status = 'applied'`)).not.toEqual([]);
    await rig.attempt({ kind: 'apply-migrations', params, migrationId, attempt: 2 });
    for (const schema of SCHEMAS) {
      const rows = await live<{ version: number }>(`select version from ${schema}.runs order by 1`);
      expect(rows.map(({ version }) => version)).toEqual([1, 2, 3]);
    }
    expect(await live(`select from rehome.migration_log where status = 'applied'`)).toHaveLength(3 * SCHEMAS.length);
  });

  it('are told in the log of the day, also those before one that is refused', async () => {
    await live('create table tenant_5.third (in_the_way int)');
    const table = (name: string) => `create table ${name} (id int);\n`;
    const params = await paramsOf({
      'migrations/main/v001_first.up.sql': table('first'),
      'migrations/main/v002_second.up.sql': table('second'),
      'migrations/main/v003_third.up.sql': table('third'),
    });
    await expect(rig.attempt({ kind: 'apply-migrations', params })).rejects.toThrow(/v003_third failed .* tenant_5/);
    const applied = await live<{ line: string }>(
      `select format('%s/%s_%s at main/%s schema %s', app, version, name, current_database(), schema) as line
         from rehome.migration_log
        where status = 'applied'`,
    );
    const [day = ''] = (await readdir(join(rig.directory, 'log'))).sort().reverse();
    const log = await readFile(join(rig.directory, 'log', day), 'utf8');
    expect(applied.filter(({ line }) => !log.includes(`applied bundled ${line}`))).toEqual([]);
  });
});
