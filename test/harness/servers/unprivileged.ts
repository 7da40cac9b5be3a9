import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const NOBODY = 65534;

/** PostgreSQL refuses to run as root: then its processes run as `nobody`. */
export function unprivilegedUser(): number | undefined {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

/**
 * argv that runs a program as the unprivileged user and ends it when we die, also when we are killed.
 * Without util-linux (macOS) the program runs as it is.
 */
export function asUnprivileged(
  program: string,
  args: readonly string[],
  deathSignal: 'QUIT' | 'KILL',
): [string, ...string[]] {
  if (process.platform !== 'linux') return [program, ...args];
  const user = unprivilegedUser();
  const identity = user === undefined ? [] : [`--reuid=${String(user)}`, `--regid=${String(user)}`, '--clear-groups'];
  return ['setpriv', ...identity, `--pdeathsig=${deathSignal}`, program, ...args];
}

/**
 * `native` of an npm package itself, or a copy in a place that the unprivileged user can reach: a home of mode 0700
 * hides it. The copy stays for the next run.
 */
export function reachableByUnprivileged(directory: string): string {
  if (unprivilegedUser() === undefined || everybodyMayUse(join(directory, 'bin', 'postgres'))) return directory;
  const manifest = /"version":\s*"([^"]+)"/.exec(readFileSync(join(dirname(directory), 'package.json'), 'utf8'));
  const copy = join(tmpdir(), 'rehome-binaries', `${basename(dirname(directory))}-${manifest?.[1] ?? 'unknown'}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${String(process.pid)}`;
  try {
    mkdirSync(dirname(copy), { recursive: true });
    chmodSync(dirname(copy), 0o755);
    cpSync(directory, unfinished, { recursive: true, verbatimSymlinks: true });
    openToEverybody(unfinished);
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another process of ours was quicker.
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

function everybodyMayUse(path: string): boolean {
  for (let directory = path; ; directory = dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}

/** As `chmod -R a+rX`: the umask of whoever installed the package may have closed it. */
function openToEverybody(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) openToEverybody(path);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
