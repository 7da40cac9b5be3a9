import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_ROOT, alone, modifiedAt, say } from './project.mjs';

/** npm writes this file last; it is the proof of a finished installation. */
const INSTALLED = join(PROJECT_ROOT, 'node_modules/.package-lock.json');
/** Absent after an installation without development packages. */
const COMPILER = join(PROJECT_ROOT, 'node_modules/typescript/package.json');
const LOCK_FILE = join(PROJECT_ROOT, 'package-lock.json');

/** Runs `npm ci` when there is no installation, or the lock file changed since. @throws Error when npm fails. */
export async function installWhenStale() {
  if (isInstalled()) return;
  await alone('install', () => {
    if (isInstalled()) return;
    say('Installing packages (once, about half a minute) …');
    const result = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
      cwd: PROJECT_ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      env: environmentOfNpm(),
      shell: process.platform === 'win32',
    });
    if (result.status !== 0) throw new Error(`npm ci failed:\n${result.error?.message ?? result.stderr}`);
  });
}

function isInstalled() {
  const installed = modifiedAt(INSTALLED);
  return installed > 0 && installed >= modifiedAt(LOCK_FILE) && modifiedAt(COMPILER) > 0;
}

/** Without what an outer `npm run` set: NODE_ENV=production or omit=dev would leave the compiler out. */
function environmentOfNpm() {
  const { NODE_ENV: _production, npm_config_omit: _omit, ...rest } = process.env;
  return rest;
}
