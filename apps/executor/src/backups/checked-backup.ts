import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import type { Backup, BackupCatalogue } from './backup-catalogue.js';
import { readRecord, type BackupRecord } from './backup-record.js';
import { checkFiles, readManifest, type Manifest } from './manifest.js';

/** A backup whose every byte is what its manifest says, and whose manifest is the one the catalogue knows. */
export interface CheckedBackup {
  readonly backup: Backup;
  readonly manifest: Manifest;
}

/**
 * Looks a backup up and checks all of its files, before anything is made of it. What it finds wrong is set down in the
 * catalogue, so that nobody relies on the backup meanwhile.
 *
 * @throws RehomeError BACKUP_UNKNOWN; BACKUP_DAMAGED naming the first file that is not as it was made.
 */
export async function checkedBackup(catalogue: BackupCatalogue, backupId: string): Promise<CheckedBackup> {
  const backup = await catalogue.get(backupId);
  try {
    const { manifest, sha256 } = await readManifest(backup.path);
    if (sha256 !== backup.manifestSha256) throw otherManifest(backup, manifest);
    await checkFiles(backup.path, manifest);
    return { backup, manifest };
  } catch (error) {
    const failure = toRehomeError(error);
    if (failure.code === 'BACKUP_DAMAGED') await catalogue.markDamaged(backupId, failure.message);
    throw failure;
  }
}

/** @throws RehomeError BACKUP_UNPROVABLE for the backup of a move, which was compared with its source instead. */
export async function recordOf({ backup, manifest }: CheckedBackup): Promise<BackupRecord> {
  if (manifest.recorded !== undefined) return readRecord(backup.path);
  throw new RehomeError(
    'BACKUP_UNPROVABLE',
    `backup ${backup.backupId} has no record of what it holds: it was made by a move, whose own comparison proves it; request "backup" for one that can be proved by itself`,
  );
}

function otherManifest({ backupId, path }: Backup, { database, recorded }: Manifest): RehomeError {
  const whose = recorded === undefined ? `database ${database}` : `backup ${recorded.backupId} of ${database}`;
  return new RehomeError(
    'BACKUP_DAMAGED',
    `the manifest in ${path} is not the one of backup ${backupId}: it was altered, or is that of another (${whose}); make a new backup`,
  );
}
