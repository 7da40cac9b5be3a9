import { spawnSync } from 'node:child_process';

const NEWEST_MAJOR = 18;
const OLDEST_MAJOR = 13;

/**
 * Major of the `pg_dump` that will be used. A source must not be newer and a target not older than the tools, so this is
 * the one major that can be both.
 */
export function toolMajor(): number {
  const said = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' }).stdout;
  const major = Number(/(\d+)(?:\.\d+)?/.exec(said)?.[1] ?? NEWEST_MAJOR);
  return Math.min(NEWEST_MAJOR, Math.max(OLDEST_MAJOR, major));
}
