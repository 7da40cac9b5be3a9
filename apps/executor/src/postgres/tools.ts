import { execFile } from 'node:child_process';
import { access, constants, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ToolFacts } from '#shared/contracts/steps/inspection-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';

/** A pg_dump and a pg_restore of the same version: an older pg_restore cannot read a newer archive. */
export interface PostgresTools extends ToolFacts {
  readonly pgDump: string;
  readonly pgRestore: string;
}

/** Debian's packages; `/usr/bin/pg_dump` there is a wrapper that chooses one of these. */
const DEBIAN_ROOT = '/usr/lib/postgresql';
const USUAL_DIRECTORIES = ['/usr/local/pgsql/bin', '/opt/homebrew/bin', '/usr/local/bin', '/usr/bin'];

/**
 * Every usable pair of tools, newest first: configured directories, Debian's per-major ones, other usual places.
 * @throws RehomeError TOOL_MISSING when there is none, saying where it was looked for.
 */
export async function findTools(configured: readonly string[]): Promise<PostgresTools[]> {
  const seen = [...new Set([...configured, ...(await debianDirectories()), ...USUAL_DIRECTORIES])];
  const found = (await Promise.all(seen.map(pairIn))).filter((pair) => pair !== undefined);
  if (found.length > 0) return found.sort((left, right) => right.major - left.major);
  throw new RehomeError(
    'TOOL_MISSING',
    `no pg_dump with a pg_restore of its version in ${seen.join(', ')}; install PostgreSQL's client tools ` +
      '(Debian: apt install postgresql-client) or name their directory in REHOME_PG_TOOLS',
  );
}

/**
 * The newest tools that can read the source and write the target: source major <= tools <= target major.
 * pg_dump refuses a newer server; pg_restore sends settings that an older server does not know.
 * @throws RehomeError TOOL_MISSING naming the majors that would do.
 */
export function chooseTools(
  found: readonly PostgresTools[],
  majors: { readonly source: number; readonly target?: number },
): PostgresTools {
  const target = majors.target ?? Infinity;
  const chosen = found.find(({ major }) => major >= majors.source && major <= target);
  if (chosen) return chosen;
  const wanted =
    majors.target === undefined ? `${String(majors.source)} or newer` : describeRange(majors.source, majors.target);
  const have = [...new Set(found.map(({ version }) => version))].join(', ');
  throw new RehomeError(
    'TOOL_MISSING',
    `pg_dump and pg_restore of PostgreSQL ${wanted} are needed; found ${have || 'none'}`,
  );
}

function describeRange(source: number, target: number): string {
  return source === target ? String(source) : `${String(source)} to ${String(target)}`;
}

async function debianDirectories(): Promise<string[]> {
  const majors = await readdir(DEBIAN_ROOT).catch(() => []);
  return majors.sort((left, right) => Number(right) - Number(left)).map((major) => join(DEBIAN_ROOT, major, 'bin'));
}

async function pairIn(directory: string): Promise<PostgresTools | undefined> {
  const [pgDump, pgRestore] = [join(directory, 'pg_dump'), join(directory, 'pg_restore')];
  const versions = await Promise.all([pgDump, pgRestore].map(versionOf));
  const version = versions[0];
  if (version === undefined || version !== versions[1]) return undefined;
  return { pgDump, pgRestore, version, major: Number.parseInt(version, 10) };
}

const run = promisify(execFile);
/** Nothing of ours: who may read the environment of a child would read every secret there. */
const BARE_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

/** `15.18` of `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; undefined when it does not run. */
async function versionOf(program: string): Promise<string | undefined> {
  try {
    await access(program, constants.X_OK);
    const { stdout } = await run(program, ['--version'], { timeout: 10_000, env: BARE_ENVIRONMENT });
    return /\(PostgreSQL\) (\d+[\w.]*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
