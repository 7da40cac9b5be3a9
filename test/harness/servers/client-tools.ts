import { spawnSync } from 'node:child_process';

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

/** The majors that Rehome supports and that the harness can start. */
export const OLDEST_MAJOR = 13;
export const NEWEST_MAJOR = 18;
