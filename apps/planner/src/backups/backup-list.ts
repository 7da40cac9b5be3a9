import type { Pool } from 'pg';
import { BACKUP_STATUSES, BACKUP_TIERS, type BackupProof, type BackupStatus } from '#shared/contracts/backups.js';
import { ChoiceField, IdentifierField, TextField } from '#shared/contracts/requests/fields.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';
import { AfterField, DEFAULT_LIMIT, LimitField, MAX_LIMIT, placeOf, readPlace } from '../http/page-fields.js';

/** A row of `executor.backup_list`. */
export interface BackupEntry {
  readonly backupId: string;
  readonly migrationId: string | null;
  readonly label: string;
  /** Null for the backup that a move made on its way. */
  readonly tier: string | null;
  readonly server: string;
  readonly database: string;
  readonly schemas: readonly string[] | null;
  readonly site: string | null;
  readonly path: string;
  readonly compression: string | null;
  readonly bytes: string;
  readonly manifestHash: string;
  readonly status: BackupStatus;
  readonly damage: string | null;
  readonly proof: BackupProof | null;
  readonly createdAt: string;
  readonly verifiedAt: string | null;
  readonly expiresAt: string | null;
}

export class BackupQuery {
  @TextField({ optional: true, maxLength: 100, description: 'Only of this server', example: 'main' })
  readonly server?: string;

  @IdentifierField({ optional: true, description: 'Only of databases of this name', example: 'core_db' })
  readonly database?: string;

  @ChoiceField({ optional: true, values: BACKUP_TIERS, description: 'Only of this tier' })
  readonly tier?: string;

  @TextField({ optional: true, maxLength: 100, description: 'Only under this label' })
  readonly label?: string;

  @ChoiceField({ optional: true, values: BACKUP_STATUSES, description: 'Only in this state' })
  readonly status?: string;

  @AfterField()
  readonly after?: string;

  @LimitField({ description: 'Rows of a page; 50 when silent' })
  readonly limit?: number;
}

const COLUMNS = `l.backup_id as "backupId", l.migration_id as "migrationId", l.label, l.tier, l.server, l.database, l.schemas,
       l.site, l.path, l.compression, l.bytes::text as bytes, l.manifest_sha256 as "manifestHash", l.status, l.damage,
       l.proof, l.created_at as "createdAt", l.verified_at as "verifiedAt", l.expires_at as "expiresAt"`;

/** The catalogue of backups as planners see it: no manifest, no file. */
export class BackupList {
  constructor(private readonly pool: Pool) {}

  async find(backupId: string): Promise<BackupEntry | undefined> {
    const rows = await this.query(`select ${COLUMNS} from executor.backup_list as l where l.backup_id = $1`, [
      backupId,
    ]);
    return rows[0];
  }

  /** Newest first. @throws RequestRefused for an `after` that no page gave. */
  async page(query: BackupQuery): Promise<{ items: BackupEntry[]; next: string | null }> {
    const limit = query.limit ?? DEFAULT_LIMIT;
    const { server, database, tier, label, status } = query;
    const after = query.after === undefined ? null : readPlace(query.after);
    const rows = await this.query(
      `select ${COLUMNS}
         from executor.backup_list as l
        where ($1::text is null or l.server = $1)
          and ($2::text is null or l.database = $2)
          and ($3::text is null or l.tier = $3)
          and ($4::text is null or l.label = $4)
          and ($5::text is null or l.status = $5)
          -- By the row itself: a time in JavaScript would lose microseconds.
          and ($6::uuid is null or (l.created_at, l.backup_id) <
                (select p.created_at, p.backup_id from executor.backup_list as p where p.backup_id = $6::uuid))
        order by l.created_at desc, l.backup_id desc
        limit $7`,
      [server ?? null, database ?? null, tier ?? null, label ?? null, status ?? null, after, limit + 1],
    );
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last !== undefined ? placeOf(last.backupId) : null };
  }

  /** Every one of the databases, newest first. */
  async all(of: Pick<BackupQuery, 'server' | 'database'>): Promise<BackupEntry[]> {
    const found: BackupEntry[] = [];
    let after: string | null | undefined;
    while (after !== null) {
      const page: { items: BackupEntry[]; next: string | null } = await this.page({
        ...of,
        ...(after === undefined ? {} : { after }),
        limit: MAX_LIMIT,
      });
      found.push(...page.items);
      after = page.next;
    }
    return found;
  }

  private async query(text: string, values: unknown[]): Promise<BackupEntry[]> {
    try {
      return (await this.pool.query<Row>(text, values)).rows.map(toEntry);
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}

type Times = 'createdAt' | 'verifiedAt' | 'expiresAt';
type Row = Omit<BackupEntry, Times> & { createdAt: Date; verifiedAt: Date | null; expiresAt: Date | null };

function toEntry({ createdAt, verifiedAt, expiresAt, ...rest }: Row): BackupEntry {
  return {
    ...rest,
    createdAt: createdAt.toISOString(),
    verifiedAt: verifiedAt?.toISOString() ?? null,
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}
