import { beforeAll, describe, expect, it } from '@jest/globals';
import { readProjectFolder } from '#shared/projects/bundle/read-folder.js';
import { loadProject, type LoadedProject } from '#shared/projects/load-project.js';
import { diagnose } from './diagnosis.js';
import { recognise } from './error-patterns.js';

let epsm: LoadedProject;

beforeAll(async () => {
  const collected = await readProjectFolder('examples/epsm');
  const outcome = collected.ok ? await loadProject(collected.files) : collected;
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  epsm = outcome.project;
});

function meaning(text: string, seenOn?: string): ReturnType<typeof diagnose> {
  const error = recognise(text);
  if (error === undefined) throw new Error(`not recognised: ${text}`);
  return diagnose(epsm, error, seenOn);
}

describe('an error text', () => {
  it.each([
    ['relation "simulation_results" does not exist', 'missing-relation', 'simulation_results'],
    ['ERROR:  relation "public.materials" does not exist at character 15', 'missing-relation', 'public.materials'],
    [
      'django.db.utils.ProgrammingError: relation "materials" does not exist\nLINE 1: SELECT "materials"."id"',
      'missing-relation',
      'materials',
    ],
    [
      "(psycopg2.errors.UndefinedTable) relation 'simulation_runs' does not exist",
      'missing-relation',
      'simulation_runs',
    ],
    ['{"message": "relation \\"materials\\" does not exist"}', 'missing-relation', 'materials'],
    ['Error: relation “materials” does not exist', 'missing-relation', 'materials'],
    ['sqlite3.OperationalError: no such table: materials', 'missing-relation', 'materials'],
    ['FATAL:  database "epsm_results" does not exist', 'missing-database', 'epsm_results'],
    ['FATAL:  role "epsm_results_user" does not exist', 'missing-role', 'epsm_results_user'],
    ['FATAL:  password authentication failed for user "epsm_user"', 'wrong-password', 'epsm_user'],
    ['permission denied for table materials', 'no-rights', 'materials'],
    ['ERROR: permission denied for relation "materials"', 'no-rights', 'materials'],
    ['must be owner of table simulation_results', 'no-rights', 'simulation_results'],
    ['relation "materials" already exists', 'relation-there-already', 'materials'],
    ['column "status" of relation "simulation_runs" does not exist', 'missing-column', 'simulation_runs'],
    ['column simulation_runs.status does not exist', 'missing-column', 'simulation_runs'],
    ['schema "audit" does not exist', 'missing-schema', 'audit'],
    [
      'insert or update on table "work_orders" violates foreign key constraint "of_station"',
      'orphaned-rows',
      'work_orders',
    ],
    [
      'cross-database references are not implemented: "epsm_results.public.simulation_results"',
      'across-databases',
      'epsm_results.public.simulation_results',
    ],
    [
      'connection to server at "database" (172.18.0.2), port 5432 failed: Connection refused',
      'no-connection',
      'database',
    ],
    ['could not translate host name "db" to address: Name or service not known', 'no-connection', 'db'],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'no-connection', ''],
    ['canceling statement due to lock timeout', 'lock-timeout', ''],
  ])('is read as it comes: %s', (text, kind, object) => {
    expect(recognise(text)).toMatchObject({ kind, object });
  });

  it('that says nothing of a database is not guessed at', () => {
    expect(recognise('TypeError: undefined is not a function')).toBeUndefined();
  });
});

describe('a missing relation', () => {
  it('of results was not migrated on results [e10]', () => {
    expect(meaning('relation "simulation_results" does not exist', 'results')).toMatchObject({
      database: 'results',
      because: 'by the rule simulation.simulationresult',
      migration: 'simulation/0004_results',
      absentOn: ['default', 'materials'],
      expected: false,
      run: expect.arrayContaining([expect.stringContaining('rehome apply --project epsm')]),
    });
  });

  it('of the app database belongs to materials [e10]', () => {
    expect(meaning('relation "materials" does not exist')).toMatchObject({
      database: 'materials',
      because: 'like all of database',
      migration: 'database/0001_initial',
      expected: false,
    });
  });

  it('that lives on default is rightly absent on results [e10]', () => {
    const found = meaning('relation "simulation_runs" does not exist', 'results');
    expect(found).toMatchObject({ database: 'default', migration: 'simulation/0001_initial', expected: true });
    expect(found.absentOn).toContain('results');
    expect(found.why).toContain('nothing is missing there');
    expect(meaning('relation "simulation_runs" does not exist', 'default').expected).toBe(false);
  });

  it('of nearly the same name as one of the project is taken for a slip', () => {
    expect(meaning('relation "simulation_result" does not exist').why).toContain('did you mean simulation_results?');
    expect(meaning('relation "material" does not exist').why).toContain('did you mean materials?');
    expect(meaning('relation "flights" does not exist').run[0]).toContain('--table flights');
  });
});

describe('other errors', () => {
  it('name the server of a missing database and its owner, or say that no database is called so', () => {
    expect(meaning('database "epsm_results" does not exist')).toMatchObject({
      database: 'results',
      run: expect.arrayContaining([expect.stringContaining('create database epsm_results owner epsm_results_user')]),
    });
    expect(meaning('database "epsm" does not exist').why).toContain('epsm_db, epsm_materials, epsm_results');
  });

  it('name the variables of a role that is missing or has another password', () => {
    expect(meaning('role "epsm_results_user" does not exist').run[0]).toContain('RESULTS_DB_USER');
    expect(meaning('password authentication failed for user "epsm_user"').run[0]).toContain(
      'DB_PASSWORD, MATERIALS_DB_PASSWORD',
    );
    expect(meaning('role "postgres" does not exist').why).toContain('a variable is wrong');
  });

  it('say of a query over two databases that each is asked by itself [e14]', () => {
    const text = 'cross-database references are not implemented: "epsm_results.public.simulation_results"';
    expect(meaning(text, 'default')).toMatchObject({
      database: 'results',
      run: [expect.stringContaining('join by id')],
    });
  });

  it('say who may use a table and how rights are given', () => {
    expect(meaning('permission denied for table materials')).toMatchObject({
      database: 'materials',
      why: expect.stringContaining('names no application role'),
      run: [
        expect.stringContaining('roles.application of materials'),
        expect.stringContaining('rehome apply --project epsm'),
      ],
    });
  });
});
