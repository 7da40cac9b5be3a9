import { RehomeError } from '#shared/errors/rehome-error.js';
import { inTransaction, type Session } from '../../postgres/session.js';

/** Schema of ours in every migrated database; left out of fingerprints, drift and comparisons. */
export const TRACKING_SCHEMA = 'rehome';

/**
 * What stands in a migrated database, one text per release: a later release adds its own and never edits these.
 * Everybody may read it; only the administrator, who owns it, writes.
 */
const RELEASES: readonly string[] = [
  `
create schema rehome;
comment on schema rehome is 'Bookkeeping of Rehome; written by its administrator only';

create table rehome.tracking_release (
  release integer primary key,
  installed_at timestamptz not null default clock_timestamp()
);

-- How each version stands now, by project and schema.
create table rehome.schema_migrations (
  project text not null,
  schema text not null,
  app text not null,
  version text not null,
  name text not null,
  -- SHA-256 of the up script with line ends normalised
  checksum text not null,
  status text not null check (status in ('applied', 'faked', 'elsewhere', 'running', 'failed', 'rolled_back')),
  execution_time_ms integer not null default 0,
  applied_by text not null,
  applied_at timestamptz not null default clock_timestamp(),
  migration_id uuid,
  primary key (project, schema, app, version)
);

-- Every change of it, never changed itself.
create table rehome.migration_log (
  entry bigint generated always as identity primary key,
  project text not null,
  schema text not null,
  app text not null,
  version text not null,
  name text not null,
  status text not null,
  execution_time_ms integer not null,
  actor text not null,
  created_at timestamptz not null default clock_timestamp(),
  migration_id uuid
);

-- Where and why versions failed.
create table rehome.migration_errors (
  entry bigint generated always as identity primary key,
  project text not null,
  schema text not null,
  app text not null,
  version text not null,
  path text not null,
  line integer not null,
  sqlstate text,
  message text not null,
  -- The first characters of it.
  statement text not null,
  migration_id uuid,
  failed_at timestamptz not null default clock_timestamp()
);

-- Statements of scripts that run outside a transaction: written before one begins, finished after it.
create table rehome.statement_journal (
  project text not null,
  schema text not null,
  app text not null,
  version text not null,
  direction text not null check (direction in ('up', 'down')),
  ordinal integer not null,
  -- SHA-256 of its text: a corrected script is not taken for the one that was interrupted
  statement_digest text not null,
  -- What stood there before it, where that decides what an interruption left behind.
  before json,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  primary key (project, schema, app, version, direction, ordinal)
);

-- Structure of the database after the last change that was ours; what differs from it is drift.
create table rehome.structure_snapshot (
  only_row boolean primary key default true check (only_row),
  fingerprint text not null,
  -- gzip of JSON
  structure bytea not null,
  project text not null,
  migration_id uuid,
  -- Of the migration: several of one may change a database.
  step_id text,
  recorded_at timestamptz not null default clock_timestamp()
);

create view rehome.audit_trail as
select 'schema_migrations' as table_name,
       actor,
       format('%s %s/%s_%s of %s in %s', status, app, version, name, project, schema) as action,
       created_at,
       migration_id
  from rehome.migration_log
 order by created_at desc, entry desc;

grant usage on schema rehome to public;
grant select on all tables in schema rehome to public;
`,
  `
-- A change of ours that has begun and not ended.
create table rehome.open_change (
  only_row boolean primary key default true check (only_row),
  -- Objects that it found otherwise than the snapshot says: nobody of us changed them. gzip of JSON
  deviations bytea not null,
  migration_id uuid not null,
  step_id text not null,
  begun_at timestamptz not null default clock_timestamp()
);

grant select on rehome.open_change to public;
`,
];

/** Whether the tables of every release stand there. Reads only. */
export async function hasTracking(session: Session): Promise<boolean> {
  const { rows } = await session.query<{ there: boolean }>(
    `select to_regclass('rehome.schema_migrations') is not null as there`,
  );
  return rows[0]?.there === true;
}

/**
 * Makes what is missing of it. May be repeated; the caller holds the lock of the database.
 * @throws RehomeError TARGET_NOT_OURS when a schema of the name belongs to somebody who is not trusted with ours.
 */
export async function ensureTracking(session: Session): Promise<void> {
  await requireTrusted(session);
  const known = await installedRelease(session);
  if (known >= RELEASES.length) return;
  await inTransaction(session, async () => {
    for (const [index, text] of RELEASES.entries()) {
      const release = index + 1;
      if (release <= known) continue;
      await session.query(text);
      await session.query(`insert into rehome.tracking_release (release) values ($1)`, [release]);
    }
  });
}

async function installedRelease(session: Session): Promise<number> {
  if (!(await hasTracking(session))) return 0;
  const { rows } = await session.query<{ release: number }>(
    `select coalesce(max(release), 0) as release from rehome.tracking_release`,
  );
  return rows[0]?.release ?? 0;
}

/** Whoever owns the schema could have triggers run with the administrator's power. */
async function requireTrusted(session: Session): Promise<void> {
  const { rows } = await session.query<{ owner: string; trusted: boolean; release: boolean }>(
    `select r.rolname as owner,
            r.rolsuper or r.rolname = current_user as trusted,
            to_regclass('rehome.tracking_release') is not null as release
       from pg_namespace as n
       join pg_roles as r on r.oid = n.nspowner
      where n.nspname = 'rehome'`,
  );
  const found = rows[0];
  if (found === undefined || (found.trusted && found.release)) return;
  throw new RehomeError(
    'TARGET_NOT_OURS',
    `a schema rehome of ${found.owner} stands in the database, which is not the bookkeeping of an administrator; rename or drop it`,
  );
}
