import type { Pool } from 'pg';
import type { BackupProof, BackupStatus } from '#shared/contracts/backups.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';
import { RehomeError } from '#shared/errors/rehome-error.js';

/** What is known of a backup when it has been made. `path` is a directory below the work root of its site. */
export interface NewBackup {
  readonly backupId: string;
  readonly migrationId: string;
  readonly stepId: string;
  readonly label: string;
  /** One of `BACKUP_TIERS`; absent for the backup that a move makes on its way, which is kept for a time. */
  readonly tier?: string;
  /** Only these; absent for the whole database. */
  readonly schemas?: readonly string[];
  readonly compression?: string;
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

/** A kept backup. */
export interface Backup extends NewBackup {
  readonly status: BackupStatus;
  /** What a check of its files found, when it is damaged. */
  readonly damage?: string;
  readonly createdAt: Date;
  readonly verifiedAt?: Date;
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
  tier: string | null;
  schemas: string[] | null;
  compression: string | null;
  status: BackupStatus;
  damage: string | null;
  created_at: Date;
  verified_at: Date | null;
}

const COLUMNS = `l.backup_id, l.migration_id, l.step_id, l.label, l.server, l.database, l.site, l.path, l.bytes,
            l.manifest_sha256, b.manifest, l.tier, l.schemas, l.compression, l.status, l.damage, l.created_at, l.verified_at`;

const FROM = `executor.backup_list as l
         join executor.backup as b using (backup_id)`;

/** Which backups there are, in the ledger's database; their files lie in the work root. */
export class BackupCatalogue {
  constructor(
    private readonly pool: Pool,
    /** How long a backup of a migration is kept. */
    private readonly keepMs: number,
  ) {}

  /** Recording the same backup again changes nothing. */
  async record(backup: NewBackup): Promise<void> {
    await this.query(
      `insert into executor.backup (backup_id, migration_id, step_id, label, server, database, site, path, format,
                                    bytes, manifest_sha256, manifest, expires_at, tier, schemas, compression)
       values ($1, $2, $3, $4, $5, $6, $7, $8, 'directory', $9, $10, $11,
               -- A backup of a tier stays until a clean-up of that tier.
               case when $13::text is null then clock_timestamp() + make_interval(secs => $12::float8 / 1000) end,
               $13, $14, $15)
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
        backup.tier ?? null,
        backup.schemas ?? null,
        backup.compression ?? null,
      ],
    );
  }

  /** @throws RehomeError BACKUP_UNKNOWN when there is none, or it was deleted. */
  async get(backupId: string): Promise<Backup> {
    const backup = await this.find(backupId);
    if (backup !== undefined) return backup;
    throw unknownBackup(backupId);
  }

  async find(backupId: string): Promise<Backup | undefined> {
    const rows = await this.query(
      `select ${COLUMNS}
         from ${FROM}
        where backup_id = $1`,
      [backupId],
    );
    return rows.map(toBackup)[0];
  }

  /**
   * The newest backup of the site with a record that fits and is not damaged.
   * @throws RehomeError BACKUP_UNKNOWN naming what was looked for.
   */
  async latest(
    { server, database, tier, label }: Partial<Pick<Backup, 'server' | 'database' | 'tier' | 'label'>>,
    site: string,
  ): Promise<Backup> {
    const rows = await this.query(
      `select ${COLUMNS}
         from ${FROM}
        where l.site = $1 and l.status <> 'damaged' and l.tier is not null
          and ($2::text is null or l.server = $2)
          and ($3::text is null or l.database = $3)
          and ($4::text is null or l.tier = $4)
          and ($5::text is null or l.label = $5)
        order by l.created_at desc, l.backup_id desc
        limit 1`,
      [site, server ?? null, database ?? null, tier ?? null, label ?? null],
    );
    const [backup] = rows.map(toBackup);
    if (backup !== undefined) return backup;
    const wanted = Object.entries({ server, database, tier, label }).filter(([, value]) => value !== undefined);
    const told = wanted.map(([what, value]) => `${what} ${String(value)}`).join(', ') || 'anything';
    throw new RehomeError('BACKUP_UNKNOWN', `site ${site} has no sound backup of ${told}; make one`);
  }

  /** How many verified backups there are of the whole database that one is of, without those whose time will end. */
  async verifiedOf({ server, database }: Pick<Backup, 'server' | 'database'>): Promise<number> {
    const rows = await this.query(
      `select backup_id
         from executor.backup_list
        where server = $1 and database = $2 and status = 'verified' and schemas is null and expires_at is null`,
      [server, database],
    );
    return rows.length;
  }

  /** Where a backup came from, also when it was deleted since. */
  async findAny(backupId: string): Promise<Pick<Backup, 'server' | 'database'> | undefined> {
    const rows = await this.query(`select server, database from executor.backup where backup_id = $1`, [backupId]);
    return rows[0];
  }

  /** Backups of the site whose time is over and whose files may still be there. */
  async expired(site: string): Promise<Backup[]> {
    const rows = await this.query(
      `select ${COLUMNS}
         from ${FROM}
        where l.site = $1 and l.expires_at < clock_timestamp()`,
      [site],
    );
    return rows.map(toBackup);
  }

  /**
   * Sets down that a restore of the backup agreed with what was backed up. A later proof takes the place of an earlier one.
   * @throws RehomeError BACKUP_UNKNOWN
   */
  async markVerified(backupId: string, proof: BackupProof): Promise<void> {
    const rows = await this.query(
      `update executor.backup
          set verified_at = clock_timestamp(), proof = $2, damaged_at = null, damage = null
        where backup_id = $1 and deleted_at is null
       returning backup_id`,
      [backupId, JSON.stringify(proof)],
    );
    if (rows.length === 0) throw unknownBackup(backupId);
  }

  /** Sets down what a check of the files found: from now on the backup is refused wherever one is needed. */
  async markDamaged(backupId: string, damage: string): Promise<void> {
    await this.query(
      `update executor.backup
          set damaged_at = clock_timestamp(), damage = $2
        where backup_id = $1 and deleted_at is null`,
      [backupId, damage],
    );
  }

  /** @throws RehomeError BACKUP_UNKNOWN */
  async setTier(backupId: string, tier: string): Promise<void> {
    const rows = await this.query(
      `update executor.backup set tier = $2 where backup_id = $1 and deleted_at is null returning backup_id`,
      [backupId, tier],
    );
    if (rows.length === 0) throw unknownBackup(backupId);
  }

  /**
   * What it holds stands nowhere else by now: its time does not end any more.
   * @throws RehomeError BACKUP_UNKNOWN
   */
  async keepForGood(backupId: string): Promise<void> {
    const rows = await this.query(
      `update executor.backup set expires_at = null where backup_id = $1 and deleted_at is null returning backup_id`,
      [backupId],
    );
    if (rows.length === 0) throw unknownBackup(backupId);
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
    ...(row.tier === null ? {} : { tier: row.tier }),
    ...(row.schemas === null ? {} : { schemas: row.schemas }),
    ...(row.compression === null ? {} : { compression: row.compression }),
    status: row.status,
    ...(row.damage === null ? {} : { damage: row.damage }),
    createdAt: row.created_at,
    ...(row.verified_at === null ? {} : { verifiedAt: row.verified_at }),
  };
}

function unknownBackup(backupId: string): RehomeError {
  return new RehomeError('BACKUP_UNKNOWN', `the backup catalogue holds no backup ${backupId}; make a new one`);
}
