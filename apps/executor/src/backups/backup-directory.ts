import { join } from 'node:path';

interface Named {
  readonly tier: string;
  readonly server: string;
  readonly database: string;
  readonly startedAt: string;
  readonly backupId: string;
}

const LONGEST = 60;

/**
 * Where the files of a backup lie, so that a person finds them without us:
 * `<work root>/backups/daily/main/core_db/2026-11-21T05-40-29Z-1a2b3c4d`, 0700.
 */
export function namedBackupDirectory(workRoot: string, { tier, server, database, startedAt, backupId }: Named): string {
  const time = startedAt.replace(/\.\d+/, '').replaceAll(':', '-');
  const last = `${time}-${backupId.slice(0, 8)}`;
  return join(workRoot, 'backups', folderName(tier), folderName(server), folderName(database), last);
}

/** A name as one folder: nothing in it leads elsewhere. What tells two alike ones apart is the backup's id. */
export function folderName(name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '_').slice(0, LONGEST);
  return plain.replace(/^\.+/, '_') || '_';
}
