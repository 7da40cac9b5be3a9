import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { loadProject } from '#shared/projects/load-project.js';
import { projectRoot } from '../../scripts/stack/project-root.js';
import { addressOf } from '../harness/moved-database.js';
import { ProjectWorld } from '../harness/project-world.js';
import { runPostgresUrl } from '../harness/run-addresses.js';
import { dumpedStructure } from '../harness/dumped-structure.js';

const CASE_MS = 120_000;
const PROGRAM = join(projectRoot(), 'node_modules/node-pg-migrate/bin/node-pg-migrate.js');

let ours: ProjectWorld | undefined;
let theirs: ProjectWorld | undefined;
let directory = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rehome-peer-'));
  [ours, theirs] = await Promise.all([ProjectWorld.start('fossawork'), ProjectWorld.start('fossawork')]);
}, CASE_MS);
afterAll(async () => {
  await Promise.all([ours?.stop(), theirs?.stop()]);
  rmSync(directory, { recursive: true, force: true });
}, CASE_MS);

it(
  'makes the schema that node-pg-migrate makes of the same scripts',
  async () => {
    if (ours === undefined || theirs === undefined) throw new Error('the worlds did not start');
    await ours.push();
    const done = await ours.run({ kind: 'apply', project: 'fossawork', backup: false });
    expect(done).toMatchObject({ status: 'completed', trouble: '' });
    await writeMigrations(theirs);
    migrate(theirs);
    const without = ['--exclude-schema=rehome', '--exclude-table=pgmigrations*', '--no-privileges', '--no-owner'];
    const made = dumpedStructure(runPostgresUrl(), ours.database('main'), without);
    expect(made).toContain('CREATE TABLE public.work_orders');
    expect(made).toBe(dumpedStructure(runPostgresUrl(), theirs.database('main'), without));
  },
  CASE_MS,
);

/** Each version as a migration of theirs, statement by statement, for some may not stand in a transaction. */
async function writeMigrations(world: ProjectWorld): Promise<void> {
  const loaded = await loadProject(world.files);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  for (const [index, { up }] of loaded.project.migrations.entries()) {
    const statements = JSON.stringify(up.statements.map(({ text }) => text));
    const body = `export const up = (pgm) => { pgm.noTransaction(); for (const sql of ${statements}) pgm.sql(sql); };\n`;
    writeFileSync(join(directory, `${String(index + 1)}_version.mjs`), body);
  }
}

function migrate(world: ProjectWorld): void {
  const { host, port, user, password } = addressOf(runPostgresUrl());
  const url = new URL(`postgres://${host}:${String(port)}/${world.database('main')}`);
  url.username = user;
  url.password = password;
  url.searchParams.set('options', `-c role=${world.role('main', 'owner')}`);
  const { PATH = '', HOME = '' } = process.env;
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [PROGRAM, 'up', '--migrations-dir', directory, '--no-single-transaction'],
    { encoding: 'utf8', env: { PATH, HOME, DATABASE_URL: url.href } },
  );
  if (status !== 0) throw new Error(`node-pg-migrate ended with ${String(status)}: ${stdout}${stderr}`);
}
