import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT, alone, filesBelow, modifiedAt, say } from './project.mjs';

const DIST = join(PROJECT_ROOT, 'dist');
const STAMP = join(DIST, '.built');
const SOURCES = ['apps', 'libs', 'scripts', 'test/harness', 'examples', 'bench'];
/** A change of these makes the incremental output worthless: it survives changed options. */
const BUILD_SETTINGS = [
  'package-lock.json',
  'nest-cli.json',
  'tsconfig.base.json',
  'apps/planner/tsconfig.app.json',
  'apps/executor/tsconfig.app.json',
  'apps/cli/tsconfig.app.json',
  'libs/client/tsconfig.lib.json',
  'libs/shared/tsconfig.lib.json',
  'scripts/tsconfig.app.json',
];
const PROJECTS = ['shared', 'client', 'planner', 'executor', 'cli', 'scripts'];

/** Compiles into dist when a source is newer than the last build. @throws Error with what the compiler said. */
export async function buildWhenStale() {
  if (isFresh()) return;
  await alone('build', async () => {
    if (isFresh()) return;
    if (newestSettings() > modifiedAt(STAMP)) rmSync(DIST, { recursive: true, force: true });
    say('Building …');
    const startedAt = new Date();
    const complaints = (await Promise.all(PROJECTS.map(buildProject))).filter((text) => text !== '');
    if (complaints.length > 0) throw new Error(`The build failed:\n${complaints.join('\n')}`);
    mkdirSync(DIST, { recursive: true });
    writeFileSync(STAMP, '');
    // What was saved while the compiler ran is newer than this.
    utimesSync(STAMP, startedAt, startedAt);
  });
}

async function buildProject(name) {
  const nest = join(PROJECT_ROOT, 'node_modules/@nestjs/cli/bin/nest.js');
  const child = spawn(process.execPath, [nest, 'build', name], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return code === 0 ? '' : output;
}

function isFresh() {
  const built = modifiedAt(STAMP);
  return built > newestSettings() && built > newestSource();
}

function newestSettings() {
  return Math.max(...BUILD_SETTINGS.map((path) => modifiedAt(join(PROJECT_ROOT, path))));
}

function newestSource() {
  let newest = 0;
  const compiled = (name) =>
    (name.endsWith('.ts') && !name.endsWith('.spec.ts')) || name.endsWith('.sql') || name.endsWith('-schemas.json');
  for (const directory of SOURCES) {
    for (const path of filesBelow(join(PROJECT_ROOT, directory), compiled)) newest = Math.max(newest, modifiedAt(path));
  }
  return newest;
}
