import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../scripts/stack/project-root.js';
import { ProjectWorld } from '../harness/project-world.js';
import { MAIN_SERVER, type EndedMigration } from '../harness/services-world.js';

const CASE_MS = 120_000;
const REHEARSED = { options: { rehearse: true, maxDowntimeMs: 1_000 } };

let world: ProjectWorld;

beforeAll(async () => {
  world = await ProjectWorld.start('fossawork');
  await world.push();
}, CASE_MS);
afterAll(() => world?.stop(), CASE_MS);

const rehearse = (request: object): Promise<EndedMigration> => world.run({ ...request, ...REHEARSED });
const rehearseApply = () => rehearse({ kind: 'apply', project: 'fossawork' });

/** Databases that carry our name and backups in the catalogue. */
async function made(): Promise<{ databases: string[]; backups: string[] }> {
  const rows = await world.services.rows<{ name: string }>(
    'postgres',
    `select datname as name from pg_database where datname like '${world.database('main')}%' order by 1`,
  );
  const { items } = (await world.planner.call('GET', '/v1/backups')).json as unknown as {
    items: { backupId: string }[];
  };
  return { databases: rows.map(({ name }) => name), backups: items.map(({ backupId }) => backupId) };
}

describe('a rehearsal of migrations', () => {
  it(
    'applies them to a copy, says how long each took, and leaves nothing behind [d32]',
    async () => {
      const before = await made();
      const { status, trouble, result, steps } = await rehearseApply();
      expect({ status, trouble }).toEqual({ status: 'completed', trouble: '' });
      expect(steps).toEqual(['back-up-database', 'restore-backup', 'apply-migrations', 'validate-database']);
      expect(result).toMatchObject({ rehearsal: true, predictedDowntimeMs: 0, withinMaxDowntime: true, leftovers: [] });
      const worked = result['steps'] as { kind: string; versions?: { version: string; executionTimeMs: number }[] }[];
      const versions = worked.flatMap((step) => step.versions ?? []).map(({ version }) => version);
      expect(versions).toEqual(['v001', 'v002', 'v003', 'v004', 'v005', 'v006']);
      expect(result['assumptions']).toContainEqual(
        expect.stringMatching(/the longest, main\/v00\d on main, took \d+ ms/),
      );
      expect(await world.tables('main')).toEqual([]);
      expect(await world.tracked('main')).toEqual({});
      expect(await made()).toEqual(before);
      expect((await world.planner.call('GET', '/v1/projects/fossawork/history')).json).toMatchObject({ items: [] });
    },
    CASE_MS,
  );

  it(
    'finds the version that would fail on the rows of today, and the database is spared [d2 d32]',
    async () => {
      expect((await world.run({ kind: 'apply', project: 'fossawork' })).status).toBe('completed');
      await world.rows('main', `insert into users (email, display_name) values ('a@example.com', 'A')`);
      await world.rows(
        'main',
        `insert into work_orders (user_id, station_id, number) select id, 999, 'W-1' from users`,
      );
      const files = ['up', 'down'].map((direction): [string, string] => {
        const name = `v007_link_orders_to_stations.${direction}.sql`;
        return [
          `migrations/main/${name}`,
          readFileSync(join(projectRoot(), 'examples/fossawork/failing', name), 'utf8'),
        ];
      });
      await world.push(world.with(Object.fromEntries(files)));
      const [before, tracked] = [await made(), await world.tracked('main')];
      const { status, trouble } = await rehearseApply();
      expect(status).toBe('rolled-back');
      expect(trouble).toContain('23503');
      expect(await world.tracked('main')).toEqual(tracked);
      expect(await made()).toEqual(before);
    },
    CASE_MS,
  );

  it(
    'refuses a version that would change more than the copy, before it runs any',
    async () => {
      const database = world.database('main');
      const reaching = { 'migrations/main/v007_zone.up.sql': `alter database ${database} set timezone = 'UTC';\n` };
      await world.push(world.with(reaching));
      const before = await made();
      const { status, trouble } = await rehearseApply();
      expect(status).toBe('rolled-back');
      expect(trouble).toContain('v007_zone.up.sql:1 changes more than its database');
      const settings = `select setting.* from pg_db_role_setting as setting join pg_database on pg_database.oid = setdatabase
                         where datname = '${database}'`;
      expect(await world.rows('main', settings)).toEqual([]);
      expect(await made()).toEqual(before);
    },
    CASE_MS,
  );

  it(
    'runs a down script on a copy [d9 d32]',
    async () => {
      const before = await made();
      const { status, trouble, steps } = await rehearse({
        kind: 'revert',
        project: 'fossawork',
        database: 'main',
        version: 'v006',
      });
      expect({ status, trouble }).toEqual({ status: 'completed', trouble: '' });
      expect(steps).toEqual(['back-up-database', 'restore-backup', 'verify-backup', 'revert-migration']);
      expect((await world.tracked('main'))['main/v006']).toBe('applied');
      expect(await world.tables('main')).toContain('job_runs');
      expect(await made()).toEqual(before);
    },
    CASE_MS,
  );
});

describe('a rehearsal of a backup and of its restore', () => {
  it(
    'proves them and keeps neither [d4 d22]',
    async () => {
      const database = world.database('main');
      const before = await made();
      const backup = { kind: 'backup', database: { server: MAIN_SERVER, database } };
      expect(await rehearse(backup)).toMatchObject({ status: 'completed', result: { compared: { mismatches: 0 } } });
      expect(await made()).toEqual(before);
      const { result } = await world.run(backup);
      const kept = await made();
      const target = { server: MAIN_SERVER, database: `${database}_restored` };
      const restored = await rehearse({ kind: 'restore', backupId: result['backupId'], target });
      expect(restored).toMatchObject({ status: 'completed', steps: ['restore-backup', 'verify-restore'] });
      expect(restored.result).toMatchObject({ compared: { mismatches: 0 }, leftovers: [] });
      expect(restored.warnings.join()).toContain('not rehearsed: rename the restored database');
      expect(await made()).toEqual(kept);
    },
    CASE_MS,
  );
});
