import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CliRig } from '../harness/cli-rig.js';

/** Commands that read a project's folder and ask no server: there is none at this address. */
let cli: CliRig;

beforeAll(() => {
  cli = new CliRig({ url: 'http://127.0.0.1:9', apiKey: 'none' });
  cpSync('examples/epsm', join(cli.directory, 'epsm'), { recursive: true });
});

afterAll(() => {
  cli?.remove();
});

const IN = ['--project', 'epsm'] as const;

function textOf(path: string): string {
  return readFileSync(join(cli.directory, path), 'utf8');
}

describe('rehome migration new', () => {
  it('writes the next version in the manner of the app and tells its database [e9]', async () => {
    const { code, out } = await cli.run(['migration', 'new', 'simulation', 'Add gas meters', ...IN]);
    expect(out).toMatch(/simulation\/0006_add_gas_meters is to be written[\s\S]*Where {2}default \(by default\)/);
    expect(out).toMatch(/Next: {2}.*rehome project check/);
    expect(code).toBe(0);
    expect(textOf('epsm/migrations/simulation/0006_add_gas_meters.up.sql')).toMatch(/^-- requires: 0005\n/);
    for (const role of ['up', 'down', 'verify'])
      expect(textOf(`epsm/migrations/simulation/0006_add_gas_meters.${role}.sql`)).toContain('is not written yet');
  }, 300_000);

  it('tells by the router where a table belongs before anything is run [e9]', async () => {
    const answer = await cli.json(...['migration', 'new', 'database', 'glazing', '--table', 'glazings', ...IN]);
    expect(answer).toMatchObject({ id: 'database/0004', requires: '0003', database: 'materials' });
    expect(textOf('epsm/migrations/database/0004_glazing.up.sql')).toContain('create table glazings (');
    expect(textOf('epsm/migrations/database/0004_glazing.down.sql')).toBe('drop table glazings;\n');
  });

  it('overwrites nothing, and takes only names that can stand in a file', async () => {
    const before = textOf('epsm/migrations/database/0004_glazing.up.sql');
    expect(await cli.run(['migration', 'new', 'database', 'glazing', ...IN])).toMatchObject({
      code: 6,
      err: expect.stringContaining('database has 0004_glazing already'),
    });
    expect(textOf('epsm/migrations/database/0004_glazing.up.sql')).toBe(before);
    expect((await cli.run(['migration', 'new', 'database', '../../etc', ...IN])).code).toBe(64);
    expect((await cli.run(['migration', 'new', '../x', 'glazing', ...IN])).code).toBe(64);
    expect(existsSync(join(cli.directory, 'x'))).toBe(false);
  });

  it('says of a folder that holds no project what is missing', async () => {
    expect(await cli.run(['migration', 'new', 'a', 'b', '--project', 'nowhere'])).toMatchObject({
      code: 64,
      err: expect.stringContaining('no project can be read in nowhere'),
    });
  });
});

describe('rehome env', () => {
  it('names every variable that a .env file lacks, ends with 5 and tells no value [e16 e13]', async () => {
    const template = await cli.run(['env', '--template', ...IN]);
    expect(template).toMatchObject({ code: 0, out: expect.stringContaining('RESULTS_DB_NAME=epsm_results') });
    const filled = template.out.replaceAll('_HOST=', '_HOST=database').replaceAll('_PASSWORD=', '_PASSWORD=canary-1');
    cli.file('.env', filled.replace('MATERIALS_DB_PASSWORD=canary-1', 'MATERIALS_DB_PASSWORD='));
    const checked = await cli.run(['env', '--check', '--file', '.env', ...IN]);
    expect(checked).toMatchObject({
      code: 5,
      out: expect.stringMatching(/MATERIALS_DB_PASSWORD +empty[\s\S]*1 of 15 variables/),
    });
    expect(checked.out + checked.err).not.toContain('canary');
    cli.file('.env', filled);
    expect((await cli.run(['env', '--check', '--file', '.env', ...IN])).code).toBe(0);
  });

  it('checks its own environment where no file is named', async () => {
    const checked = await cli.run(['env', '--check', '--json', ...IN], { env: { DB_NAME: 'epsm_db' } });
    expect(checked.code).toBe(5);
    expect(JSON.parse(checked.out)).toMatchObject({
      variables: expect.arrayContaining([
        { database: 'default', variable: 'DB_NAME', role: 'name', state: 'set' },
        { database: 'results', variable: 'RESULTS_DB_HOST', role: 'host', state: 'missing' },
      ]),
    });
    expect((await cli.run(['env', ...IN])).code).toBe(64);
  });
});

describe('rehome diagnose', () => {
  it.each([
    ['simulation_results', 'results', 'simulation/0004_results'],
    ['materials', 'materials', 'database/0001_initial'],
    ['simulation_runs', 'default', 'simulation/0001_initial'],
  ])('tells of a missing %s that %s should hold it, and what puts it there [e10]', async (table, database, made) => {
    const { code, out } = await cli.run(['diagnose', `relation "${table}" does not exist`, ...IN]);
    expect(out).toMatch(
      new RegExp(`Home +${database} \\([\\s\\S]*Made +by ${made}[\\s\\S]*rehome apply --project epsm`),
    );
    expect(code).toBe(0);
  });

  it('tells that simulation_runs is rightly absent on results, also of a pasted log [e10]', async () => {
    const log =
      'Traceback\n  cursor.execute(sql)\npsycopg2.errors.UndefinedTable: relation "simulation_runs" does not exist\n';
    const { code, out } = await cli.run(['diagnose', '-', '--on', 'results', ...IN], { input: log });
    expect(out).toContain('nothing is wrong with the database');
    expect(out).toMatch(/Absent +on materials, results, as it should be/);
    expect(code).toBe(0);
  });

  it('guesses at nothing: 1 for a text that says nothing of a database', async () => {
    expect(await cli.run(['diagnose', 'it does not work', ...IN])).toMatchObject({ code: 1, out: '' });
    expect((await cli.run(['diagnose', 'relation "a" does not exist', '--on', 'nope', ...IN])).code).toBe(64);
  });
});
