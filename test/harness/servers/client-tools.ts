import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Major version of this machine's pg_dump: it reads servers up to its own major, so tests that dump use such a server.
 * @throws Error when there is none.
 */
export function clientToolsMajor(): number {
  const result = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' });
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(result.stdout)?.[1]);
  if (!Number.isInteger(major)) throw new Error('pg_dump is not installed: apt-get install postgresql-client');
  return Math.min(Math.max(major, OLDEST_MAJOR), NEWEST_MAJOR);
}

/** Major of the newest tools that an executor started by tests finds: `REHOME_PG_TOOLS` names directories beside the PATH. */
export function newestToolsMajor(): number {
  return Math.max(...foundPrograms().map(majorOf));
}

/** Whether the newest of these were built with zstd or lz4: they say so before they connect. */
export function newestToolsPack(compression: string): boolean {
  const program = foundPrograms().sort((one, other) => majorOf(other) - majorOf(one))[0] ?? 'pg_dump';
  const nowhere = ['--format=directory', '--file=/dev/null/dump', '--host=/dev/null'];
  const said = spawnSync(program, [...nowhere, `--compress=${compression}`], { encoding: 'utf8' }).stderr;
  return majorOf(program) >= 16 && !said.includes('compression');
}

function foundPrograms(): string[] {
  const directories = (process.env['REHOME_PG_TOOLS'] ?? '').split(',').filter((directory) => directory !== '');
  return ['pg_dump', ...directories.map((directory) => join(directory, 'pg_dump'))];
}

function majorOf(program: string): number {
  const said = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout as string | null;
  return Number(/\(PostgreSQL\) (\d+)/.exec(said ?? '')?.[1] ?? 0);
}

/** The majors that Rehome supports and that the harness can start. */
export const OLDEST_MAJOR = 13;
export const NEWEST_MAJOR = 18;
