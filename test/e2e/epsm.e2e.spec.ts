import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProjectWorld } from '../harness/project-world.js';
import type { EndedMigration } from '../harness/services-world.js';

const CASE_MS = 120_000;

const DEFAULT = { alias: 'default', fakeInitial: true };
const MATERIALS = { alias: 'materials', apps: ['database'], fakeInitial: true };
const RESULTS = { alias: 'results', apps: ['simulation'], fakeTo: '0003' };

describe('EPSM: three databases behind a router', () => {
  let world: ProjectWorld;
  let first: EndedMigration;

  const apply = (databases: readonly object[], more: object = {}): Promise<EndedMigration> =>
    world.run({ kind: 'apply', project: 'epsm', databases, ...more });

  beforeAll(async () => {
    world = await ProjectWorld.start('epsm');
    expect((await world.push()).status).toBeLessThan(300);
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  it('refuses a plan that forgets a database which the router names, and touches nothing [e17]', async () => {
    const refused = await apply([DEFAULT, MATERIALS]);
    expect(refused.status).toBe('refused');
    expect(refused.trouble).toContain('COVERAGE_INCOMPLETE');
    expect(refused.trouble).toContain('results');
    expect(await world.tables('default')).toEqual([]);
  });

  it('migrates all three with one request, each to what the router gives it [e1 e5 e6]', async () => {
    first = await apply([DEFAULT, MATERIALS, RESULTS]);
    expect(first).toMatchObject({ status: 'completed', trouble: '' });
    expect(await world.tables('default')).toEqual(['sessions', 'simulation_files', 'simulation_runs', 'users']);
    expect(await world.tables('materials')).toEqual(['construction_sets', 'constructions', 'materials', 'scenarios']);
    expect(await world.tables('results')).toEqual([
      'simulation_energy_use',
      'simulation_hourly_timeseries',
      'simulation_results',
      'simulation_zones',
    ]);
  });

  it('records on each database what was run, what was faked and what lives elsewhere [e2 e10]', async () => {
    expect(await world.tracked('results')).toEqual({
      'simulation/0001': 'faked',
      'simulation/0002': 'faked',
      'simulation/0003': 'faked',
      'simulation/0004': 'applied',
      'simulation/0005': 'applied',
    });
    expect(await world.tracked('default')).toMatchObject({
      'accounts/0001': 'applied',
      'simulation/0003': 'applied',
      'simulation/0004': 'elsewhere',
      'database/0001': 'elsewhere',
    });
    expect(Object.keys(await world.tracked('materials'))).toEqual(['database/0001', 'database/0002', 'database/0003']);
  });

  it('makes every table the property of its own database’s role [e1]', async () => {
    const [row] = await world.rows<{ owner: string }>(
      'results',
      `select tableowner as owner from pg_tables where tablename = 'simulation_results'`,
    );
    expect(row?.owner).toBe(world.role('results', 'owner'));
  });

  it('does nothing when it is asked again, on every start [e3]', async () => {
    const again = await apply([DEFAULT, MATERIALS, RESULTS]);
    expect(again).toMatchObject({ status: 'completed', trouble: '' });
    expect(again.steps).not.toContain('apply-migrations');
  });

  it('migrates one database alone when the others are left out by name [e8]', async () => {
    const path = 'migrations/database/0004_notes.up.sql';
    await world.push(world.with({ [path]: '-- requires: 0003\ncreate table notes (id bigint primary key);\n' }));
    const left = { default: 'its owner migrates it tonight', results: 'is being archived' };
    const one = await apply([MATERIALS], { leaveOut: left });
    expect(one).toMatchObject({ status: 'completed', trouble: '' });
    expect(await world.tables('materials')).toContain('notes');
    expect((await world.tracked('default'))['database/0004']).toBeUndefined();
  });

  it('refuses a migration that joins two databases when it is pushed [e14 e15]', async () => {
    const path = 'migrations/simulation/0006_join.up.sql';
    const sql = 'create view runs as select * from simulation_runs join simulation_results using (id);\n';
    const answer = await world.push(world.with({ [path]: sql }));
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('simulation_runs');
    expect(answer.text).toContain('simulation_results');
  });
});

describe('EPSM on databases that hold their tables already', () => {
  let world: ProjectWorld;

  beforeAll(async () => {
    world = await ProjectWorld.start('epsm');
    await world.push();
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  /** What another tool made of the scripts, long ago: no bookkeeping of ours. */
  async function made(alias: string, ...paths: string[]): Promise<void> {
    const role = world.role(alias, 'owner');
    for (const path of paths) await world.rows(alias, `set role "${role}"; ${world.files.get(path) ?? ''}; reset role`);
  }

  it('fakes a first migration where all it makes stands and equals it, with proof; the rest is run [e4 e7]', async () => {
    await made('materials', 'migrations/database/0001_initial.up.sql');
    const done = await world.run({ kind: 'apply', project: 'epsm', databases: [DEFAULT, MATERIALS, RESULTS] });
    expect(done).toMatchObject({ status: 'completed', trouble: '' });
    expect(done.steps).toContain('prove-fakes');
    expect(await world.tracked('materials')).toEqual({
      'database/0001': 'faked',
      'database/0002': 'applied',
      'database/0003': 'applied',
    });
    expect((await world.tracked('default'))['accounts/0001']).toBe('applied');
  });

  it(
    'refuses to fake where what stands differs, and names the difference [e7]',
    async () => {
      const other = await ProjectWorld.start('epsm');
      try {
        await other.push();
        const role = other.role('materials', 'owner');
        const script = other.files.get('migrations/database/0001_initial.up.sql') ?? '';
        const altered = `${script}; alter table materials alter density drop not null;`;
        await other.rows('materials', `set role "${role}"; ${altered}`);
        const refused = await other.run({ kind: 'apply', project: 'epsm', databases: [DEFAULT, MATERIALS, RESULTS] });
        expect(['refused', 'rolled-back']).toContain(refused.status);
        expect(refused.trouble).toContain('BASELINE_DIFFERS');
        expect(refused.trouble).toContain('density');
        expect(await other.tracked('materials')).toEqual({});
      } finally {
        await other.stop();
      }
    },
    CASE_MS,
  );
});
