import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../scripts/stack/project-root.js';
import { ProjectWorld } from '../harness/project-world.js';
import type { EndedMigration } from '../harness/services-world.js';

const CASE_MS = 120_000;
const FAILING = 'migrations/main/v007_link_orders_to_stations';

function failing(direction: 'up' | 'down'): [path: string, text: string] {
  const name = `v007_link_orders_to_stations.${direction}.sql`;
  return [`migrations/main/${name}`, readFileSync(join(projectRoot(), 'examples/fossawork/failing', name), 'utf8')];
}

describe('FossaWork: one database, six versions', () => {
  let world: ProjectWorld;
  let first: EndedMigration;

  beforeAll(async () => {
    world = await ProjectWorld.start('fossawork');
    await world.push();
    first = await world.run({ kind: 'apply', project: 'fossawork' });
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  const apply = (): Promise<EndedMigration> => world.run({ kind: 'apply', project: 'fossawork' });
  const revert = (version: string, emergency?: object): Promise<EndedMigration> =>
    world.run({ kind: 'revert', project: 'fossawork', database: 'main', version, ...(emergency ? { emergency } : {}) });

  it('applies all six in order, after a backup, and records each [d1 d4 d5]', async () => {
    expect(first).toMatchObject({ status: 'completed', trouble: '' });
    expect(first.steps[0]).toBe('back-up-database');
    expect(first.steps.indexOf('apply-migrations')).toBeGreaterThan(0);
    expect(await world.tracked('main')).toEqual(
      Object.fromEntries(['v001', 'v002', 'v003', 'v004', 'v005', 'v006'].map((one) => [`main/${one}`, 'applied'])),
    );
    const backups = (await world.planner.call('GET', '/v1/backups')).json as unknown as {
      items: { database: string }[];
    };
    expect(backups.items.map(({ database }) => database)).toContain(world.database('main'));
  });

  it('builds the indexes outside of a transaction, and they are valid [d25]', async () => {
    const invalid = await world.rows('main', 'select indexrelid::regclass from pg_index where not indisvalid');
    expect(invalid).toEqual([]);
    expect(await world.rows('main', `select 1 from pg_indexes where indexname = 'work_orders_by_status'`)).toHaveLength(
      1,
    );
  });

  it('lets the application read and write, and only read the bookkeeping [d27]', async () => {
    const role = world.role('main', 'application');
    const can = async (what: string): Promise<boolean> => {
      const [row] = await world.rows<{ can: boolean }>('main', `select ${what} as can`);
      return row?.can === true;
    };
    expect(await can(`has_table_privilege('${role}', 'work_orders', 'insert, update, delete')`)).toBe(true);
    expect(await can(`has_sequence_privilege('${role}', 'work_orders_id_seq', 'usage')`)).toBe(true);
    expect(await can(`has_table_privilege('${role}', 'work_orders', 'truncate')`)).toBe(false);
    expect(await can(`has_table_privilege('${role}', 'rehome.schema_migrations', 'select')`)).toBe(true);
    expect(await can(`has_table_privilege('${role}', 'rehome.schema_migrations', 'insert, update, delete')`)).toBe(
      false,
    );
  });

  it('tells who applied what and when, in the database itself [d28 d30]', async () => {
    const rows = await world.rows<{ actor: string; action: string }>(
      'main',
      `select actor, action from rehome.audit_trail where table_name = 'schema_migrations' order by created_at desc`,
    );
    expect(rows).toHaveLength(6);
    expect(rows[0]?.actor).toBe('key:operator');
  });

  it('has nothing to do when it is asked again [d8]', async () => {
    const again = await apply();
    expect(again).toMatchObject({ status: 'completed', trouble: '' });
    expect(again.steps).not.toContain('apply-migrations');
  });

  it('takes the last version back by its down script, after a safety backup [d9]', async () => {
    const { status, steps, trouble } = await revert('v006_add_monitoring_tables');
    expect({ status, trouble }).toEqual({ status: 'completed', trouble: '' });
    expect(steps).toEqual(expect.arrayContaining(['back-up-database', 'verify-backup', 'revert-migration']));
    expect(await world.tables('main')).not.toContain('job_runs');
    expect((await world.tracked('main'))['main/v006']).toBe('rolled_back');
  });

  it('refuses to take back what a later version needs, and names it [d3]', async () => {
    const refused = await revert('v002');
    expect(refused.status).toBe('refused');
    expect(refused.trouble).toMatch(/v003|v004|v005/);
    expect(await world.tables('main')).toContain('security_events');
  });

  it('applies again what was taken back', async () => {
    expect((await apply()).status).toBe('completed');
    expect((await world.tracked('main'))['main/v006']).toBe('applied');
    expect(await world.tables('main')).toContain('job_runs');
  });

  it('takes every version up, down and up again on a scratch database, on request [d9 d32]', async () => {
    const { status, result, steps } = await world.run({ kind: 'validate', project: 'fossawork', upDownUp: true });
    expect(status).toBe('completed');
    expect(steps).toEqual(['validate-database', 'prove-reverts']);
    const [main] = result['databases'] as { checks: { name: string; outcome: string; message: string }[] }[];
    expect(main?.checks.find(({ name }) => name === 'up-down-up')).toMatchObject({
      outcome: 'passed',
      message: expect.stringContaining('6 of 6') as unknown,
    });
  });

  it('rolls a failing version back, records it and says where it failed; what stood before stands [d2]', async () => {
    await world.rows('main', `insert into users (email, display_name) values ('a@example.com', 'A')`);
    await world.rows('main', `insert into work_orders (user_id, station_id, number) select id, 999, 'W-1' from users`);
    await world.push(world.with(Object.fromEntries([failing('up'), failing('down')])));
    const failed = await apply();
    expect(failed.status).toBe('rolled-back');
    expect(failed.trouble).toContain('23503');
    expect(failed.trouble).toContain(`${FAILING}.up.sql:5`);
    expect(await world.tracked('main')).toMatchObject({ 'main/v006': 'applied', 'main/v007': 'failed' });
    expect(await world.rows('main', `select 1 from pg_constraint where conname = 'work_orders_station'`)).toEqual([]);
  });

  it('goes on from there when the cause is mended [d23 d24]', async () => {
    await world.rows('main', 'update work_orders set station_id = null where station_id = 999');
    expect(await apply()).toMatchObject({ status: 'completed', trouble: '' });
    expect((await world.tracked('main'))['main/v007']).toBe('applied');
    expect((await revert('v007')).status).toBe('completed');
    await world.push();
  });

  it('runs a script of the project in place of the down script in an emergency [d10]', async () => {
    const taken = await revert('v006', { script: 'rollback/emergency_v006.sql' });
    expect(taken).toMatchObject({ status: 'completed', trouble: '' });
    expect(await world.tables('main')).not.toContain('job_runs');
    expect((await world.tracked('main'))['main/v006']).toBe('rolled_back');
  });

  it('brings the newest backup of a tier back in an emergency and keeps the database that was live [d10]', async () => {
    const database = { server: 'main', database: world.database('main') };
    expect((await world.run({ kind: 'backup', database, tier: 'daily' })).status).toBe('completed');
    expect((await apply()).status).toBe('completed');
    await world.rows('main', `insert into job_runs (job) values ('written since the backup')`);
    const restored = await revert('v006', { restore: { latest: { tier: 'daily' } } });
    expect(restored).toMatchObject({ status: 'completed', trouble: '' });
    expect(await world.tables('main')).not.toContain('job_runs');
    expect((await world.tracked('main'))['main/v006']).toBe('rolled_back');
    expect(await world.rows('main', 'select 1 from work_orders')).toHaveLength(1);
  });
});
