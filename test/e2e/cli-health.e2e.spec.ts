import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DatabaseHealth, ProjectHealth, ProjectStatus } from '#shared/contracts/projects.js';
import { healthStream } from '#shared/contracts/streams.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { packProject } from '#shared/projects/bundle/archive.js';
import { CliRig, type CliResult } from '../harness/cli-rig.js';
import { ServicesWorld } from '../harness/services-world.js';

/** Three databases behind a router, with a role of its own for the results: source e. */
const mark = randomBytes(3).toString('hex');
const PROJECT = `epsm-${mark}`;
const ROLES = { epsm: `epsm_user_${mark}`, results: `epsm_results_user_${mark}` };
const DATABASES = { default: `epsm_db_${mark}`, materials: `epsm_materials_${mark}`, results: `epsm_results_${mark}` };
const YAML = `name: ${PROJECT}
databases:
  default: { server: main, database: ${DATABASES.default}, roles: { owner: ${ROLES.epsm} }, critical: [runs], minimumTables: 1 }
  materials: { server: main, database: ${DATABASES.materials}, roles: { owner: ${ROLES.epsm} }, expected: [materials] }
  results: { server: main, database: ${DATABASES.results}, roles: { owner: ${ROLES.results} }, expected: [simulation_results] }
router:
  default: default
  apps: { database: materials }
  rules: [{ match: "simulation_*", to: results }]
references:
  - { database: default, table: runs, column: parent_id, referencedTable: runs, referencedColumn: id }
checks:
  - { name: runs-have-a-name, category: data, database: default, sql: "select id from runs where name is null", message: a run has no name }
`;
const FILES: Record<string, string> = {
  'project.yaml': YAML,
  'migrations/simulation/0001_runs.up.sql': 'create table runs (id int primary key, name text, parent_id int);',
  'migrations/simulation/0002_results.up.sql': 'create table simulation_results (id int primary key, run_id int);',
  'migrations/database/0001_materials.up.sql': 'create table materials (id int primary key);',
};

let world: ServicesWorld;
let cli: CliRig;

beforeAll(async () => {
  world = await ServicesWorld.start({ REHOME_HEALTH_INTERVAL_MS: '200' });
  cli = new CliRig({ url: world.planner.url, apiKey: world.planner.keys.operator });
  for (const role of Object.values(ROLES)) await world.rows('postgres', `create role ${role}`);
}, 120_000);

afterAll(async () => {
  cli?.remove();
  for (const name of Object.values(DATABASES))
    await world?.rows('postgres', `drop database if exists ${quoteIdentifier(name)} with (force)`);
  for (const role of Object.values(ROLES)) await world?.rows('postgres', `drop role if exists ${role}`);
  await world?.stop();
}, 60_000);

async function push(files: Readonly<Record<string, string>> = FILES): Promise<void> {
  const answer = await fetch(`${world.planner.url}/v1/projects/${PROJECT}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${world.planner.keys.operator}`, 'content-type': 'application/gzip' },
    body: new Uint8Array(await packProject(new Map(Object.entries(files)))),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Makes a database and migrates it; the others stay as they are. */
async function migrated(alias: keyof typeof DATABASES, owner: string): Promise<void> {
  await world.rows('postgres', `create database ${DATABASES[alias]} owner ${owner} template template0`);
  const others = Object.keys(DATABASES).filter((other) => other !== alias);
  const leaveOut = Object.fromEntries(others.map((other) => [other, 'its turn comes']));
  const done = await world.run({ kind: 'apply', project: PROJECT, databases: [{ alias }], leaveOut, backup: false });
  if (done.status !== 'completed') throw new Error(`${done.status}: ${done.trouble}`);
}

function health(...more: readonly string[]): Promise<CliResult> {
  return cli.run(['health', '--project', PROJECT, ...more]);
}

async function states(): Promise<Record<string, string>> {
  const { out } = await health('--json');
  const { databases } = JSON.parse(out) as ProjectHealth;
  return Object.fromEntries(databases.map(({ alias, state }) => [alias, state]));
}

async function get<T>(what: string): Promise<T> {
  return (await world.planner.call('GET', `/v1/projects/${PROJECT}/${what}`, { role: 'viewer' })).json as unknown as T;
}

async function until(holds: (seen: ProjectHealth) => boolean): Promise<void> {
  await world.planner.until(async () => holds(await get<ProjectHealth>('health')), 45_000);
}

describe('rehome health', () => {
  it('knows no project that was not pushed', async () => {
    expect(await health()).toMatchObject({ code: 64, err: expect.stringContaining(PROJECT) });
    expect(await health('--last')).toMatchObject({ code: 1, err: expect.stringContaining('NOT_FOUND') });
    expect((await world.planner.call('GET', `/v1/projects/${PROJECT}/status`)).status).toBe(404);
  });

  it('ends with 5 while databases are missing, and names them [e12] [e13]', async () => {
    await push();
    const { code, out } = await health();
    expect(code).toBe(5);
    for (const [alias, name] of Object.entries(DATABASES)) {
      expect(out).toMatch(new RegExp(`^${alias} +\\S missing`, 'm'));
      expect(out).toContain(`there is no database ${name} on main`);
    }
  });

  it('tells each database by itself: one healthy, one behind, one missing [e11] [e12] [e18]', async () => {
    await migrated('default', ROLES.epsm);
    await world.rows('postgres', `create database ${DATABASES.materials} owner ${ROLES.epsm} template template0`);
    expect(await states()).toEqual({ default: 'healthy', materials: 'behind', results: 'missing' });
    const { code, out } = await health('--database', 'default');
    expect([code, out]).toEqual([0, expect.stringMatching(/^default +\S healthy +simulation\/0001_runs +0 +1 /m)]);
    expect(out).not.toContain('materials');
  });

  it('shows with -v the tables of each database and the role that owns them [e11]', async () => {
    await world.rows('postgres', `drop database ${DATABASES.materials}`);
    await migrated('materials', ROLES.epsm);
    await migrated('results', ROLES.results);
    const { code, out } = await health('-v');
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(`\\nresults\\n  role +${ROLES.results}\\n(?:  .*\\n)*  tables +public\\.simulation_results\\n`),
    );
    expect(out).toMatch(
      new RegExp(`\\nmaterials\\n  role +${ROLES.epsm}\\n(?:  .*\\n)*  tables +public\\.materials\\n`),
    );
    // Expected to be absent there [e10].
    expect(out.slice(out.indexOf('\nresults\n'))).not.toContain('public.runs');
  });

  it('tells over REST and in the ledger what an executor saw on its rounds [d29] [e12]', async () => {
    await until(({ healthy }) => healthy);
    expect(await get<ProjectStatus>('status')).toMatchObject({
      project: PROJECT,
      migrationNeeded: false,
      checkedAt: expect.stringMatching(/Z$/),
      databases: [
        { alias: 'default', currentVersion: 'simulation/0001_runs', applied: 1, pending: [], failed: [] },
        { alias: 'materials', currentVersion: 'database/0001_materials' },
        { alias: 'results', currentVersion: 'simulation/0002_results' },
      ],
    });
    const told = await world.planner.ledger.planner.reader.readStream(healthStream(PROJECT));
    const ofResults = told.flatMap(({ type, data }) =>
      type === 'HealthChanged' && data.subject === `project:${PROJECT}/results` ? [data.detail] : [],
    );
    expect(ofResults[0]).toMatch(/^missing: there is no database/);
    expect(ofResults.at(-1)).toBe('ok');
    // However often somebody looked.
    expect(ofResults.filter((detail, at) => detail === ofResults[at + 1])).toEqual([]);
    expect(await health('--last')).toMatchObject({ code: 0, out: expect.stringContaining('healthy') });
  });

  it('is drifted when somebody changed the structure by hand, and names what [d29]', async () => {
    await world.rows(DATABASES.results, 'alter table simulation_results add column by_hand int');
    const { code, out } = await health();
    expect([code, out]).toEqual([5, expect.stringMatching(/^results +\S drifted/m)]);
    expect(out).toContain('results: column public.simulation_results.by_hand: was made by no migration');
    await world.rows(DATABASES.results, 'alter table simulation_results drop column by_hand');
    expect((await health()).code).toBe(0);
  });

  it('is unknown after a push until somebody has looked, then behind: a migration is needed [d7] [d29]', async () => {
    await push({
      ...FILES,
      'migrations/simulation/0003_zones.up.sql': 'create table simulation_zones (id int primary key);',
    });
    await until(({ databases }) => databases.some(({ state }) => state === 'behind'));
    expect(await get<ProjectStatus>('status')).toMatchObject({
      migrationNeeded: true,
      databases: [{ pendingCount: 0 }, { pendingCount: 0 }, { pending: ['simulation/0003_zones'] }],
    });
    expect(await health('--last')).toMatchObject({
      code: 5,
      out: expect.stringMatching(/results +\S behind[\s\S]*Next: {2}rehome apply --project/),
    });
    await push();
  });

  it('is unhealthy without a critical table [e12]', async () => {
    await world.rows(DATABASES.default, 'alter table runs rename to runs_old');
    expect(await health()).toMatchObject({
      code: 5,
      out: expect.stringContaining('critical tables are missing: public.runs'),
    });
    await world.rows(DATABASES.default, 'alter table runs_old rename to runs');
  });

  it('draws a line per database in colour at a terminal, a word beside every symbol', async () => {
    const terminal = cli.terminal(['health', '--project', PROJECT], { columns: 80 });
    expect(await terminal.exited).toBe(0);
    expect(terminal.text).toMatch(/default +✓ healthy/);
    expect(terminal.raw).toContain('\u001b[32m✓ healthy');
  });

  it('measures what it saw for Prometheus [d29]', async () => {
    const text = await (await fetch(`${await world.executorUrl()}/metrics`)).text();
    for (const alias of Object.keys(DATABASES)) {
      const labels = `{project="${PROJECT}",database="${alias}"}`;
      expect(text).toContain(`rehome_project_healthy${labels} 1`);
      expect(text).toContain(`rehome_project_pending${labels} 0`);
      expect(text).toContain(`rehome_project_drift${labels} 0`);
    }
    expect(text).toMatch(/rehome_project_check_seconds_count\{[^}]*\} \d+/);
  });

  it('does not wait for a server that says nothing: the others are told all the same [e12]', async () => {
    await world.planner.put('/v1/servers/silent', {
      host: '127.0.0.1',
      port: 1,
      adminUser: 'postgres',
      adminSecretRef: 'env:REHOME_SECRET_MAIN',
    });
    await push({
      ...FILES,
      'project.yaml': YAML.replace('server: main, database: epsm_results', 'server: silent, database: epsm_results'),
    });
    expect(await states()).toEqual({ default: 'healthy', materials: 'healthy', results: 'unreachable' });
    await push();
    expect((await get<ProjectHealth>('health')).databases.map(({ alias }: DatabaseHealth) => alias)).toEqual(
      Object.keys(DATABASES),
    );
  });
});

describe('rehome validate', () => {
  it('judges every database, and ends with 5 and the key of what is wrong [d7] [d11]', async () => {
    expect(await cli.run(['validate', '--project', PROJECT, '--category', 'data'])).toMatchObject({ code: 0 });
    await world.rows(DATABASES.default, 'insert into runs values (7, null)');
    const one = await cli.run(['validate', '--project', PROJECT, '--database', 'default', '--category', 'data']);
    expect(one.code).toBe(5);
    expect(one.out).toMatch(/runs-have-a-name +\S failed +1/);
    expect(one.out).toMatch(/rule +a run has no name\n +found +7\n/);
    await world.rows(DATABASES.default, 'delete from runs');
  });

  it('takes several categories, tells all as JSON, and knows no other category [d11]', async () => {
    const { code, out } = await cli.run([
      ...['validate', '--project', PROJECT, '--database', 'results'],
      ...['--category', 'schema', '--category', 'indexes', '--json'],
    ]);
    const validation = JSON.parse(out) as { databases: { alias: string; checks: { category: string }[] }[] };
    expect(code).toBe(0);
    expect(validation.databases.map(({ alias }) => alias)).toEqual(['results']);
    expect(new Set(validation.databases[0]?.checks.map(({ category }) => category))).toEqual(
      new Set(['schema', 'indexes']),
    );
    const wrong = await cli.run(['validate', '--project', PROJECT, '--category', 'colours']);
    expect(wrong).toMatchObject({ code: 64, err: expect.stringContaining('schema, indexes') });
  });
});

describe('rehome orphans', () => {
  it('finds rows that refer to nothing; a migration removes them, by way of push and apply [d24] [d15]', async () => {
    await world.rows(
      DATABASES.default,
      `insert into runs values (1, 'a', null), (2, 'b', 1), (3, 'c', 99), (4, 'd', 3), (5, 'e', 4)`,
    );
    const found = await cli.run(['orphans', '--project', PROJECT, '--database', 'default']);
    expect([found.code, found.out]).toEqual([5, expect.stringMatching(/references-hold +\S failed +1/)]);
    expect(found.out).toMatch(/found +public\.runs id 3\n/);

    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(cli.directory, path)), { recursive: true });
      cli.file(path, text);
    }
    const { files } = await cli.json<{ files: string[] }>(
      'migration',
      'orphans',
      '--reference',
      'runs.parent_id=runs.id',
    );
    const written = files.map((path) => [path, readFileSync(join(cli.directory, path), 'utf8')] as const);
    expect(files.map((path) => path.replace(/^.*_clean/, 'clean'))).toEqual(
      ['up', 'down', 'verify'].map((role) => `clean_orphans_runs_parent_id.${role}.sql`),
    );
    await push({ ...FILES, ...Object.fromEntries(written) });
    const leaveOut = { materials: 'nothing to clean', results: 'nothing to clean' };
    const databases = [{ alias: 'default' }];
    const done = await world.run({ kind: 'apply', project: PROJECT, databases, leaveOut });
    expect(done).toMatchObject({ status: 'completed', trouble: '' });
    expect(done.steps).toContain('back-up-database');
    expect(await world.rows(DATABASES.default, 'select id from runs order by id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect((await cli.run(['orphans', '--project', PROJECT, '--database', 'default'])).code).toBe(0);
  });
});

describe('the checklist of a deployment', () => {
  it('is gone through by commands, each of which says by its end whether its point holds [e13]', async () => {
    const zones = { 'migrations/simulation/0009_zones.up.sql': 'create table simulation_zones (id int primary key);' };
    for (const [path, text] of Object.entries({ ...FILES, ...zones })) {
      mkdirSync(dirname(join(cli.directory, path)), { recursive: true });
      cli.file(path, text);
    }
    const code = async (...typed: readonly string[]): Promise<number | null> => (await cli.run(typed)).code;
    const all = ['--project', PROJECT];

    // The environment is complete.
    const { out: template } = await cli.run(['env', '--template', '--project', '.']);
    cli.file('.env', template.replaceAll('_PASSWORD=', '_PASSWORD=secret'));
    expect(await code('env', '--check', '--project', '.', '--file', '.env')).toBe(5);
    cli.file('.env', template.replaceAll('_HOST=', '_HOST=database').replaceAll('_PASSWORD=', '_PASSWORD=secret'));
    expect(await code('env', '--check', '--project', '.', '--file', '.env')).toBe(0);
    // Every database is there, and one is behind the new release.
    expect(await code('project', 'push', '.')).toBe(0);
    expect(await states()).toEqual({ default: 'healthy', materials: 'healthy', results: 'behind' });
    // The plan covers every database.
    const plan = await cli.run(['apply', ...all, '--dry-run']);
    expect([plan.code, Object.keys(DATABASES).filter((alias) => !plan.out.includes(alias))]).toEqual([0, []]);
    // Migrations run by themselves, and by hand where that failed: again, or on one database alone.
    expect(await code('apply', ...all, '--if-needed', '--wait')).toBe(0);
    expect(await code('apply', ...all, '--if-needed', '--wait')).toBe(0);
    expect(await code('apply', ...all, '--only', 'results', '--reason', 'by hand', '--wait')).toBe(0);
    // Health is verified.
    expect(await code('health', ...all)).toBe(0);
    expect(await code('validate', ...all, '--category', 'schema')).toBe(0);
  }, 120_000);
});
