import { describe, expect, it } from '@jest/globals';
import { loadProject } from './load-project.js';
import { loadedProject, projectOf } from './project-test-kit.js';
import { routeTable } from './route-table.js';

const EPSM = `name: epsm
databases:
  default: { server: main, database: epsm_db }
  materials: { server: main, database: epsm_materials }
  results: { server: main, database: epsm_results }
router:
  default: default
  apps: { database: materials }
  models: { simulation.simulationresult: simulation_results }
  rules:
    - { match: simulation.simulationresult, to: results }
    - { match: "simulation_zones*", to: results }
`;
const RESULTS = 'create table simulation_results (id bigint primary key, simulation_id bigint);';

async function homeOf(
  sql: string,
  app = 'simulation',
  others: Readonly<Record<string, string>> = {},
): Promise<string | undefined> {
  const files = { 'project.yaml': EPSM, ...others, [`migrations/${app}/0009_it.up.sql`]: sql };
  const { migrations } = await loadedProject(files);
  return migrations.find(({ id }) => id === `${app}/0009`)?.home;
}

async function problemsOf(files: Readonly<Record<string, string>>): Promise<readonly object[]> {
  const outcome = await loadProject(projectOf({ 'project.yaml': EPSM, ...files }));
  return outcome.ok ? [] : outcome.problems;
}

describe('the database that a migration belongs to', () => {
  it('is that of the tables it touches, as soon as it is written [e9]', async () => {
    expect(await homeOf(RESULTS)).toBe('results');
    expect(await homeOf('create table simulation_runs (id int);')).toBe('default');
    expect(await homeOf('create table materials (id int);', 'database')).toBe('materials');
  });

  it('is that of its app, else the default, where it touches no table', async () => {
    expect(await homeOf('create extension citext;', 'database')).toBe('materials');
    expect(await homeOf('create extension citext;')).toBe('default');
    expect(await homeOf('select 1;', 'constructor')).toBe('default');
    expect(await homeOf('create view trail as select * from rehome.audit_trail, pg_class;', 'database')).toBe(
      'materials',
    );
  });

  it('is that of the tables that a function or block works on; in two databases it is refused [e15]', async () => {
    const others = { 'migrations/database/0001_a.up.sql': 'create table materials (id int);' };
    const makes = (body: string) => `create function f() returns int language sql as $$ ${body} $$;`;
    expect(await homeOf(makes('select id from materials'), 'simulation', others)).toBe('materials');
    // What a trigger calls its rows is no table, and nobody's home.
    expect(await homeOf(makes('select id from new_rows'), 'database', others)).toBe('materials');
    const both = 'materials join simulation_results using (id)';
    for (const sql of [makes(`select id from ${both}`), `do $$ begin perform 1 from ${both}; end $$;`]) {
      expect(await problemsOf({ ...others, 'migrations/simulation/0002_b.up.sql': sql })).toMatchObject([
        { message: expect.stringContaining('simulation_results in results') },
      ]);
    }
  });

  it('may be named by its header where nothing else tells [e14]', async () => {
    expect(await homeOf('-- database: results\ncreate extension citext;')).toBe('results');
    const sql = '-- database: materials\nselect 1;\nselect * from simulation_results;';
    expect(await problemsOf({ 'migrations/simulation/0001_a.up.sql': sql })).toMatchObject([
      {
        line: 3,
        message: expect.stringContaining(
          'all of it lives in materials (its header says so) and simulation_results in results',
        ),
      },
    ]);
  });

  it.each([
    'create view totals as select count(*) from simulation_results;',
    'create index by_run on simulation_results (simulation_id); drop index by_run;',
    'create table zones_1 partition of simulation_zones default;',
    'create sequence numbers owned by simulation_results.id; alter sequence numbers cycle;',
    'create temp table t as select * from simulation_results; select * from t;',
    'with runs as (select 1 as id) insert into simulation_results select id from runs;',
    'alter table simulation_zones_old rename to simulation_zones_new;',
  ])('follows what has no home of its own: %s', async (sql) => {
    expect(await homeOf(sql)).toBe('results');
  });

  it('follows a view or an index that another migration made', async () => {
    const others = {
      'migrations/simulation/0001_a.up.sql': `${RESULTS} create view totals as select 1 from simulation_results; create index i on simulation_results (id);`,
    };
    expect(await homeOf('grant select on totals to reader;', 'simulation', others)).toBe('results');
    expect(await homeOf('drop index i;', 'simulation', others)).toBe('results');
  });

  it('is one: a foreign key over two databases is refused with both tables [e14] [e15]', async () => {
    const files = {
      'migrations/simulation/0001_runs.up.sql': 'create table simulation_runs (id bigint primary key);',
      'migrations/simulation/0002_results.up.sql':
        'create table simulation_results (\n  id bigint,\n  run_id bigint references simulation_runs (id)\n);',
    };
    expect(await problemsOf(files)).toEqual([
      {
        path: 'migrations/simulation/0002_results.up.sql',
        line: 1,
        message:
          'simulation_results lives in results (by the rule simulation.simulationresult) and simulation_runs in default (by default); ' +
          'a transaction stays in one database: write a migration for each, and keep ids without a foreign key',
      },
    ]);
  });

  it('is one: a transaction that writes to two is refused, also when it is the way back [e15]', async () => {
    const files = {
      'migrations/simulation/0001_a.up.sql': RESULTS,
      'migrations/simulation/0001_a.down.sql': 'drop table simulation_results;\ndelete from auth_user;',
    };
    expect(await problemsOf(files)).toMatchObject([
      {
        path: 'migrations/simulation/0001_a.down.sql',
        line: 2,
        message: expect.stringContaining('auth_user in default'),
      },
    ]);
  });
});

describe('the route of a table', () => {
  it('says where it lives, why, and which migration makes it', async () => {
    const project = await loadedProject({
      'project.yaml': EPSM,
      'migrations/simulation/0004_results.up.sql': RESULTS,
      'migrations/simulation/0005_more.up.sql': 'alter table simulation_results add x int;',
      'migrations/simulation/0006_zones.up.sql':
        'create table simulation_zones (id int) partition by list (id); create table zones_1 partition of simulation_zones default;',
    });
    expect(routeTable(project, 'simulation.simulationresult')).toEqual({
      table: 'simulation_results',
      database: 'results',
      because: 'rule',
      rule: { match: 'simulation.simulationresult', to: 'results' },
      app: 'simulation',
      createdBy: 'simulation/0004',
      touchedBy: ['simulation/0004', 'simulation/0005'],
    });
    expect(routeTable(project, 'zones_1')).toMatchObject({
      database: 'results',
      because: 'maker',
      createdBy: 'simulation/0006',
    });
    expect(routeTable(project, 'nothing')).toEqual({
      table: 'nothing',
      database: 'default',
      because: 'default',
      touchedBy: [],
    });
  });
});
