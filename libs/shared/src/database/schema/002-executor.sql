-- What executors keep: accepted commands, runs of steps, budgets, secrets, backups, evidence.

create schema executor;

-- Ids of commands that were accepted; a second delivery is refused as a duplicate.
create table executor.inbox (
  command_id uuid primary key,
  received_at timestamptz not null default clock_timestamp()
);

create table executor.step_run (
  migration_id uuid not null,
  step_id text collate "C" not null,
  direction text not null check (direction in ('run', 'undo')),
  generation integer not null check (generation >= 1),
  command_id uuid not null unique,
  -- Place of StepCommanded in the ledger, when the intake knew it.
  command_position bigint,
  kind text not null,
  version integer not null,
  params json not null,
  -- Of the run, when the direction is undo and the run had succeeded.
  result json,
  timeout_ms bigint not null check (timeout_ms > 0),
  site text,
  -- Names the concurrency budget (executor.slot) that a running attempt uses up.
  slot_key text,
  correlation_id text not null,
  state text not null default 'accepted' check (
    state in ('accepted', 'running', 'waiting', 'succeeded', 'undone', 'failed', 'cancelled', 'needs-decision')
  ),
  attempt integer not null default 0,
  fence bigint not null default 0,
  owner text,
  lease_until timestamptz,
  retry_at timestamptz,
  -- First claim + timeout_ms; retries do not extend it.
  deadline timestamptz,
  progress json,
  cancel_requested boolean not null default false,
  pause_requested boolean not null default false,
  accepted_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  primary key (migration_id, step_id, direction, generation),
  -- A running step has an owner and a lease; any other has neither.
  check ((state = 'running') = (owner is not null)),
  check ((state = 'running') = (lease_until is not null)),
  check ((state = 'waiting') = (retry_at is not null))
) with (fillfactor = 70);

-- The three ways to become claimable.
create index step_run_accepted on executor.step_run (accepted_at) where state = 'accepted';
create index step_run_waiting on executor.step_run (retry_at) where state = 'waiting';
create index step_run_leased on executor.step_run (lease_until) where state = 'running';
create index step_run_slot on executor.step_run (slot_key) where state = 'running';

-- How many steps may run at once per server and class of work.
create table executor.slot (
  key text primary key,
  capacity integer not null check (capacity >= 1)
);

-- AES-256-GCM rows; the key is outside the database.
create table executor.vault (
  name text primary key,
  key_id text not null,
  nonce bytea not null,
  ciphertext bytea not null,
  tag bytea not null,
  created_at timestamptz not null default clock_timestamp()
);

create table executor.backup (
  backup_id uuid primary key,
  migration_id uuid,
  step_id text,
  label text not null,
  tier text,
  server text not null,
  database text not null,
  site text,
  path text not null,
  format text not null,
  bytes bigint not null,
  manifest_sha256 text not null,
  manifest json not null,
  created_at timestamptz not null default clock_timestamp(),
  verified_at timestamptz,
  expires_at timestamptz,
  deleted_at timestamptz
);
create index backup_database on executor.backup (server, database, created_at desc);

-- Evidence that is too large for an event, by its content's digest.
create table executor.evidence (
  sha256 text primary key check (sha256 = encode(sha256(content), 'hex')),
  content bytea not null,
  created_at timestamptz not null default clock_timestamp()
);

-- What the planner and people may see of a run: no params, no results, no owner's secrets.
create view executor.step_progress as
select
  migration_id, step_id, direction, generation, kind, state, attempt, fence, owner, site, progress,
  cancel_requested, accepted_at, started_at, finished_at, retry_at, deadline, lease_until
from executor.step_run;
