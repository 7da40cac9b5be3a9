import {
  SETTLED_STATUSES,
  type MigrationAction,
  type MigrationName,
  type MigrationStatus,
} from '#shared/contracts/projects.js';
import { quoteLiteral } from '#shared/database/identifier.js';
import type { Session } from '../../postgres/session.js';
import { hasTracking } from './tracking-tables.js';

/** Whose version of what, where: the key of a row. */
export interface TrackedMigration extends MigrationName {
  readonly project: string;
  readonly schema: string;
  readonly checksum: string;
  /** Who asked: `key:deploy`. */
  readonly by: string;
  /** Of Rehome's own migration. */
  readonly migrationId: string;
}

/** A row of `rehome.schema_migrations`. */
export interface TrackingRow extends MigrationName {
  readonly schema: string;
  readonly checksum: string;
  readonly status: MigrationStatus;
  readonly executionTimeMs: number;
  readonly appliedBy: string;
  /** RFC 3339. */
  readonly appliedAt: string;
}

/** Statuses after which there is nothing left of an action: what was elsewhere may have come to live here since. */
const STANDING: readonly MigrationStatus[] = ['applied', 'faked'];

export function settles(status: MigrationStatus, action: MigrationAction): boolean {
  return (action === 'elsewhere' ? SETTLED_STATUSES : STANDING).includes(status);
}

/** All rows of a project; none where nothing was ever migrated. */
export async function readTracking(session: Session, project: string): Promise<TrackingRow[]> {
  if (!(await hasTracking(session))) return [];
  const { rows } = await session.query<TrackingRow>(
    `select schema, app, version, name, checksum, status,
            execution_time_ms as "executionTimeMs",
            applied_by as "appliedBy",
            to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "appliedAt"
       from rehome.schema_migrations
      where project = $1
      order by applied_at, app, version`,
    [project],
  );
  return rows;
}

/** A version that was applied, and how long it took. */
export interface TimedMigration {
  readonly tracked: TrackedMigration;
  readonly executionTimeMs: number;
}

/** Which of these versions of one schema their migration has applied; in their order. */
export async function readApplied(
  session: Session,
  migrations: readonly TrackedMigration[],
): Promise<TimedMigration[]> {
  const [first] = migrations;
  if (first === undefined) return [];
  const { rows } = await session.query<{ app: string; version: string; executionTimeMs: number }>(
    `select app, version, execution_time_ms as "executionTimeMs"
       from rehome.schema_migrations
      where project = $1 and schema = $2 and migration_id = $3 and status = 'applied'`,
    [first.project, first.schema, first.migrationId],
  );
  return migrations.flatMap((tracked) => {
    const row = rows.find(({ app, version }) => app === tracked.app && version === tracked.version);
    return row === undefined ? [] : { tracked, executionTimeMs: row.executionTimeMs };
  });
}

/**
 * Takes the row of a version within the transaction that applies it, or as `running` by itself where there can be no
 * transaction. Whoever else wants it waits for our end, and then finds it settled.
 * @returns whether it is to be applied; false when it is settled.
 */
export async function claimMigration(session: Session, migration: TrackedMigration): Promise<boolean> {
  const { rowCount } = await session.query({
    text: `insert into rehome.schema_migrations as tracked
             (project, schema, app, version, name, checksum, status, applied_by, migration_id)
           values ($1, $2, $3, $4, $5, $6, 'running', $7, $8)
           on conflict (project, schema, app, version) do update
             set name = excluded.name, checksum = excluded.checksum, status = 'running',
                 applied_by = excluded.applied_by, applied_at = clock_timestamp(), migration_id = excluded.migration_id
           where tracked.status <> all ($9)`,
    values: [...keyOf(migration), migration.name, ...written(migration), STANDING],
  });
  return rowCount === 1;
}

/**
 * Holds the row of a version that is to be taken back, to the end of the transaction.
 * @returns whether there is anything to take back
 */
export async function holdForRevert(session: Session, migration: TrackedMigration): Promise<boolean> {
  const { rowCount } = await session.query(
    `select from rehome.schema_migrations
      where project = $1 and schema = $2 and app = $3 and version = $4 and status <> 'rolled_back'
        for update`,
    keyOf(migration),
  );
  return rowCount === 1;
}

/** What follows from rows that `now_stands`: the line of the log each. */
const LOGGED = `,
     logged as (
       insert into rehome.migration_log
         (project, schema, app, version, name, status, execution_time_ms, actor, migration_id)
       select project, schema, app, version, name, status, execution_time_ms, applied_by, migration_id
         from now_stands
     )`;

/**
 * And no script is in its middle any more: whatever its journal says, of either direction, would let the next run of a
 * script leave statements out.
 */
const FOLLOWS = `${LOGGED},
     forgotten as (
       delete from rehome.statement_journal as journal
        using now_stands
        where now_stands.status in ('applied', 'faked', 'rolled_back')
          and (journal.project, journal.schema, journal.app, journal.version)
            = (now_stands.project, now_stands.schema, now_stands.app, now_stands.version)
     )`;

/**
 * Writes within a transaction that its version is applied, with the line of the log; answers the time since the
 * transaction began. Fails, by a division by zero, where somebody else has settled it: then nothing of ours stands. For
 * where the journal is empty: to look for a row in it would take a third of the time.
 */
export function appliedText(migration: TrackedMigration, column: string): string {
  const values = [...keyOf(migration), migration.name, ...written(migration)].map(quoteLiteral).join(', ');
  return `with now_stands as (
            insert into rehome.schema_migrations as tracked
              (project, schema, app, version, name, checksum, applied_by, migration_id, status, execution_time_ms)
            values (${values}, 'applied',
                    round(extract(epoch from clock_timestamp() - transaction_timestamp()) * 1000))
            on conflict (project, schema, app, version) do update
              set name = excluded.name, checksum = excluded.checksum, status = excluded.status,
                  execution_time_ms = excluded.execution_time_ms, applied_by = excluded.applied_by,
                  applied_at = clock_timestamp(), migration_id = excluded.migration_id
            where tracked.status <> all (array[${STANDING.map(quoteLiteral).join(', ')}])
            returning *
          )${LOGGED}
          select coalesce(max(execution_time_ms), 1) / count(*) as ${column} from now_stands`;
}

/** Writes how a version stands now, and the line of the log. */
export async function recordStatus(
  session: Session,
  migration: TrackedMigration,
  { status, executionTimeMs }: { readonly status: MigrationStatus; readonly executionTimeMs: number },
): Promise<void> {
  await session.query({
    text: `with now_stands as (
             insert into rehome.schema_migrations
               (project, schema, app, version, name, checksum, status, execution_time_ms, applied_by, migration_id)
             values ($1, $2, $3, $4, $5, $6, $9, $10, $7, $8)
             on conflict (project, schema, app, version) do update
               set name = excluded.name, checksum = excluded.checksum, status = excluded.status,
                   execution_time_ms = excluded.execution_time_ms, applied_by = excluded.applied_by,
                   applied_at = clock_timestamp(), migration_id = excluded.migration_id
             returning *
           )${FOLLOWS}
           select from now_stands`,
    values: [...keyOf(migration), migration.name, ...written(migration), status, Math.round(executionTimeMs)],
  });
}

/** A version that runs nothing here. */
export type RecordedMigration = TrackedMigration & { readonly status: 'faked' | 'elsewhere' };

/**
 * Records versions that run nothing here, those that are settled already left as they are. One statement for all.
 * @returns those that it recorded
 */
export async function recordWithoutRunning(
  session: Session,
  migrations: readonly RecordedMigration[],
): Promise<RecordedMigration[]> {
  const { rows } = await session.query<{ schema: string; app: string; version: string }>(
    `with wanted as (
       select * from json_to_recordset($1::json) as wanted
         (project text, schema text, app text, version text, name text, checksum text, status text, by text, "migrationId" uuid)
     ), now_stands as (
       insert into rehome.schema_migrations as tracked
         (project, schema, app, version, name, checksum, status, applied_by, migration_id)
       select project, schema, app, version, name, checksum, status, by, "migrationId" from wanted
       on conflict (project, schema, app, version) do update
         set name = excluded.name, checksum = excluded.checksum, status = excluded.status, execution_time_ms = 0,
             applied_by = excluded.applied_by, applied_at = clock_timestamp(), migration_id = excluded.migration_id
       where tracked.status <> all (case when excluded.status = 'faked' then $2::text[] else $3::text[] end)
       returning *
     )${FOLLOWS}
     select schema, app, version from now_stands`,
    [JSON.stringify(migrations), STANDING, SETTLED_STATUSES],
  );
  const written = new Set(rows.map(({ schema, app, version }) => `${schema} ${app}/${version}`));
  return migrations.filter(({ schema, app, version }) => written.has(`${schema} ${app}/${version}`));
}

function keyOf({ project, schema, app, version }: TrackedMigration): string[] {
  return [project, schema, app, version];
}

function written({ checksum, by, migrationId }: TrackedMigration): string[] {
  return [checksum, by, migrationId];
}
