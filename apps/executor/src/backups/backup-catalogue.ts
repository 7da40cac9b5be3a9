import type { Pool } from 'pg';
import type { JsonObject } from '#shared/contracts/json.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';
import { RehomeError } from '#shared/errors/rehome-error.js';

/** A kept backup. `path` is a directory below the work root of its site. */
export interface Backup {
  readonly backupId: string;
  readonly migrationId: string;
  readonly stepId: string;
  readonly label: string;
  /** Registry name. */
  readonly server: string;
  readonly database: string;
  readonly site: string;
  readonly path: string;
  /** Decimal. */
  readonly bytes: string;
  readonly manifestSha256: string;
  readonly manifest: JsonObject;
}

interface BackupRow {
  backup_id: string;
  migration_id: string;
  step_id: string;
  label: string;
  server: string;
  database: string;
  site: string;
  path: string;
  bytes: string;
  manifest_sha256: string;
  manifest: JsonObject;
}

const COLUMNS =
  'backup_id, migration_id, step_id, label, server, database, site, path, bytes, manifest_sha256, manifest';

/** Which backups there are, in the ledger's database; their files lie in the work root. */
export class BackupCatalogue {
  constructor(
    private readonly pool: Pool,
    /** How long a backup of a migration is kept. */
    private readonly keepMs: number,
  ) {}

  /** Recording the same backup again changes nothing. */
  async record(backup: Backup): Promise<void> {
    await this.query(
      `insert into executor.backup (backup_id, migration_id, step_id, label, server, database, site, path, format,
                                    bytes, manifest_sha256, manifest, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, 'directory', $9, $10, $11,
               clock_timestamp() + make_interval(secs => $12::float8 / 1000))
       on conflict (backup_id) do nothing`,
      [
        backup.backupId,
        backup.migrationId,
        backup.stepId,
        backup.label,
        backup.server,
        backup.database,
        backup.site,
        backup.path,
        backup.bytes,
        backup.manifestSha256,
        JSON.stringify(backup.manifest),
        this.keepMs,
      ],
    );
  }

  /** @throws RehomeError BACKUP_UNKNOWN when there is none, or it was deleted. */
  async get(backupId: string): Promise<Backup> {
    const backup = await this.find(backupId);
    if (backup !== undefined) return backup;
    throw new RehomeError('BACKUP_UNKNOWN', `the backup catalogue holds no backup ${backupId}; make a new one`);
  }

  async find(backupId: string): Promise<Backup | undefined> {
    const rows = await this.query(
      `select ${COLUMNS}
         from executor.backup
        where backup_id = $1 and deleted_at is null`,
      [backupId],
    );
    return rows.map(toBackup)[0];
  }

  /** Backups of the site whose time is over and whose files may still be there. */
  async expired(site: string): Promise<Backup[]> {
    const rows = await this.query(
      `select ${COLUMNS}
         from executor.backup
        where site = $1 and deleted_at is null and expires_at < clock_timestamp()`,
      [site],
    );
    return rows.map(toBackup);
  }

  async markDeleted(backupId: string): Promise<void> {
    await this.query(`update executor.backup set deleted_at = clock_timestamp() where backup_id = $1`, [backupId]);
  }

  private async query(text: string, values: unknown[]): Promise<BackupRow[]> {
    try {
      return (await this.pool.query<BackupRow>(text, values)).rows;
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}

function toBackup(row: BackupRow): Backup {
  return {
    backupId: row.backup_id,
    migrationId: row.migration_id,
    stepId: row.step_id,
    label: row.label,
    server: row.server,
    database: row.database,
    site: row.site,
    path: row.path,
    bytes: row.bytes,
    manifestSha256: row.manifest_sha256,
    manifest: row.manifest,
  };
}
