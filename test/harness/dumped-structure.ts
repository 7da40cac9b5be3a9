import { spawnSync } from 'node:child_process';
import { addressOf } from './moved-database.js';

/** What `pg_dump --schema-only` says of a database, without what differs from dump to dump. */
export function dumpedStructure(adminUrl: string, database: string, args: readonly string[] = []): string {
  const { host, port, user, password } = addressOf(adminUrl);
  const { status, stdout, stderr } = spawnSync('pg_dump', ['--schema-only', ...args, database], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
  });
  if (status !== 0) throw new Error(`pg_dump failed: ${stderr}`);
  // \restrict and \unrestrict carry a key that is new each time.
  return stdout.replaceAll(/^\\(?:un)?restrict .*$/gm, '');
}
