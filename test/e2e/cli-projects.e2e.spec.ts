import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CliRig, type CliResult } from '../harness/cli-rig.js';
import { PlannerRig } from '../harness/planner-rig.js';

/** Projects by the command line: what needs no executor. */
let rig: PlannerRig;
let cli: CliRig;
/** Somewhere where no planner listens: a command that asks none does not mind. */
const ALONE = { REHOME_URL: 'http://127.0.0.1:9', REHOME_API_KEY: '' };

beforeAll(async () => {
  rig = await PlannerRig.start();
  cli = new CliRig({ url: rig.url, apiKey: rig.keys.operator });
  for (const name of ['epsm', 'fossawork']) cpSync(`examples/${name}`, join(cli.directory, name), { recursive: true });
}, 120_000);

afterAll(async () => {
  cli?.remove();
  await rig?.close();
});

async function run(...args: readonly string[]): Promise<CliResult> {
  return cli.run(args);
}

/** A folder with a project that holds what is given. */
function project(name: string, files: Readonly<Record<string, string>>): string {
  const yaml = `name: ${name}\ndatabases:\n  main: { server: main, database: ${name} }\nrouter: { default: main }\n`;
  for (const [path, text] of Object.entries({ 'project.yaml': yaml, ...files })) {
    const file = join(cli.directory, name, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return name;
}

describe('rehome project check', () => {
  it('says of a project that it holds together, and where its migrations belong, without any server', async () => {
    const { code, out } = await cli.run(['project', 'check', 'epsm'], { env: ALONE });
    expect(code).toBe(0);
    expect(out).toMatch(/epsm: 10 migrations, \d+ findings?\n/);
    expect(out).toMatch(
      /default \(main\/epsm_db\): 5 migrations\n.*materials .*: 3 migrations\n.*results .*: 2 migrations/,
    );
    expect(out).toContain('Next:  rehome project push epsm');
    const verbose = await cli.run(['project', 'check', 'epsm', '-v'], { env: ALONE });
    expect(verbose.out).toMatch(
      /simulation\/0004_results +results +simulation_results, simulation_zones +simulation\/0003/,
    );
  });

  it('answers programs with everything that it knows', async () => {
    const checked = await cli.json<{ migrations: { id: string }[] }>('project', 'check', 'fossawork');
    expect(checked).toMatchObject({ ok: true, name: 'fossawork', digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(checked.migrations.map(({ id }) => id)).toEqual(
      ['v001', 'v002', 'v003', 'v004', 'v005', 'v006'].map((v) => `main/${v}`),
    );
  });

  it('tells everything that is wrong with file and line, also that a migration spans two databases [e14] [e15]', async () => {
    const folder = project('broken', {
      'migrations/shop/0001_a.up.sql': 'begin;\ncreate table a (id int);\ncommit;\n',
      'migrations/shop/0002_b.up.sql': '-- requires: 0007\n\\connect other\n',
    });
    const { code, out } = await run('project', 'check', folder);
    expect(code).toBe(5);
    expect(out).toContain('the project in broken does not hold together: 4 problems');
    expect(out).toContain('  migrations/shop/0001_a.up.sql:1  this statement controls the transaction');
    expect(out).toContain('  migrations/shop/0001_a.up.sql:3  this statement controls the transaction');
    expect(out).toContain('  migrations/shop/0002_b.up.sql:1  no migration is called "shop/0007"');
    expect(out).toContain('  migrations/shop/0002_b.up.sql:2  syntax error');
    const two = join(cli.directory, 'epsm', 'migrations/simulation/0006_both.up.sql');
    writeFileSync(
      two,
      'alter table simulation_results\n  add foreign key (simulation_id) references simulation_runs (id);\n',
    );
    const spanning = await run('project', 'check', 'epsm', '--json');
    expect(spanning.code).toBe(5);
    expect(JSON.parse(spanning.out)).toMatchObject({
      ok: false,
      problems: [
        {
          line: 1,
          message: expect.stringMatching(/simulation_results lives in results .* and simulation_runs in default/),
        },
      ],
    });
    rmSync(two);
    expect((await cli.run(['project', 'check', 'nowhere'])).code).toBe(64);
  });

  it('refuses SQLite and says what to do instead [d6]', async () => {
    const folder = project('lite', {
      'project.yaml':
        'name: lite\ndatabases:\n  main: { server: "sqlite:///dev.db", database: dev }\nrouter: { default: main }\n',
    });
    const { code, out } = await run('project', 'check', folder);
    expect(code).toBe(5);
    expect(out).toContain(
      'project.yaml:3  databases.main.server is "sqlite:///dev.db", a file of SQLite; Rehome migrates PostgreSQL only',
    );
  });

  it('shows what the linter has against it, and refuses it where the project says so', async () => {
    const drop = {
      'migrations/shop/0001_a.up.sql': 'create table a (id int);',
      'migrations/shop/0002_b.up.sql': 'alter table a drop column id;',
    };
    const warned = await run('project', 'check', project('warned', drop));
    expect(warned.code).toBe(0);
    expect(warned.out).toMatch(/migrations\/shop\/0002_b\.up\.sql:1 {2}[a-z-]+.*: .+\n {6}instead: /);
    const yaml =
      'name: strict\ndatabases:\n  main: { server: main, database: strict }\nrouter: { default: main }\nlint: error\n';
    const strict = project('strict', { ...drop, 'project.yaml': yaml });
    expect((await run('project', 'check', strict)).code).toBe(5);
    expect(await run('project', 'push', strict)).toMatchObject({
      code: 5,
      err: expect.stringContaining('the linter objects'),
    });
  });
});

describe('rehome project push, list and show', () => {
  it('says that nothing was pushed yet', async () => {
    expect(await run('project', 'list')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^No project was pushed yet\./),
    });
    expect(await run('project', 'show', 'epsm')).toMatchObject({
      code: 1,
      err: expect.stringContaining('[NOT_FOUND]'),
    });
  });

  it('hand a project to the planner and show what it has', async () => {
    const pushed = await run('project', 'push', 'epsm');
    expect(pushed).toMatchObject({ code: 0, out: expect.stringContaining('epsm stands as pushed: 10 migrations') });
    const listed = await run('project', 'list');
    expect(listed.out).toMatch(/epsm +10 +default, materials, results +[0-9a-f]{64}/);
    const shown = await run('project', 'show', 'epsm');
    expect(shown.out).toMatch(/Data +results: main\/epsm_results, owned by epsm_results_user/);
    expect(shown.out).toMatch(/simulation\/0004_results +results +simulation\/0003/);
    const { digest } = await cli.json<{ digest: string }>('project', 'check', 'epsm');
    expect(pushed.out).toContain(digest);
    expect(await cli.json('project', 'push', 'epsm')).toMatchObject({ digest });
  });

  it('refuse what does not hold together before the planner is asked', async () => {
    const folder = project('torn', { 'migrations/shop/0001_a.up.sql': 'selec 1;' });
    const { code, err } = await cli.run(['project', 'push', folder], { env: ALONE });
    expect(code).toBe(64);
    expect(err).toContain('migrations/shop/0001_a.up.sql:1  syntax error at or near "selec"');
  });

  it('let only operators push: its SQL runs with the power of an administrator', async () => {
    const approver = new CliRig({ url: rig.url, apiKey: rig.keys.approver });
    const { code } = await approver.run(['project', 'push', join(cli.directory, 'epsm')]);
    approver.remove();
    expect(code).toBe(4);
  });
});

describe('rehome route', () => {
  it('tells from the files which database holds a table, why, and which migration puts it there [e2] [e10]', async () => {
    const { code, out } = await cli.run(['route', 'simulation_results', '--project', 'epsm'], { env: ALONE });
    expect(code).toBe(0);
    expect(out).toContain('simulation_results lives in results, by the rule simulation.simulationresult');
    expect(out).toMatch(
      /Where +main\/epsm_results\n.*Made +by simulation\/0004\n.*Used +by simulation\/0004, simulation\/0005/,
    );
    const { out: runs } = await run('route', 'simulation_runs', '--project', 'epsm');
    expect(runs).toContain('simulation_runs lives in default, by default');
    const { out: materials } = await run('route', 'materials', '--project', 'epsm');
    expect(materials).toContain('materials lives in materials, like all of database');
  });

  it('tells the same of a pushed project, by model as well', async () => {
    await run('project', 'push', 'epsm');
    const elsewhere = new CliRig({ url: rig.url, apiKey: rig.keys.viewer });
    const told = await elsewhere.json('route', 'simulation.simulationresult', '--project', 'epsm');
    elsewhere.remove();
    expect(told).toMatchObject({
      table: 'simulation_results',
      database: 'results',
      because: 'rule',
      createdBy: 'simulation/0004',
      why: 'by the rule simulation.simulationresult',
    });
    expect((await run('route', 'x', '--project', './nowhere')).code).toBe(64);
  });
});
