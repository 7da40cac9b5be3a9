import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const LOCK_POLL_MS = 200;

/** Progress and complaints go to stderr: stdout belongs to the command that was asked for. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

export function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Every file below, names only where `wanted` agrees; missing directories are empty. */
export function* filesBelow(directory, wanted) {
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path, wanted);
    else if (wanted(entry.name)) yield path;
  }
}

/**
 * One of us at a time per clone. It lives outside node_modules, which an installation removes; a lock whose owner died
 * is taken over.
 */
export async function alone(what, work) {
  const clone = createHash('sha256').update(PROJECT_ROOT).digest('hex').slice(0, 12);
  const lock = join(tmpdir(), `rehome-${what}-${clone}.lock`);
  while (!take(lock)) await sleep(LOCK_POLL_MS);
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock) {
  try {
    mkdirSync(lock);
  } catch {
    const age = Date.now() - modifiedAt(lock);
    if (!ownerLives(lock) && age > 2_000) rmSync(lock, { recursive: true, force: true });
    return false;
  }
  writeFileSync(join(lock, 'pid'), String(process.pid));
  return true;
}

function ownerLives(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
