-- What planners keep beside the ledger: answers to repeated requests, reservations, keys, read models.

create schema planner;

create table planner.idempotency (
  scope text not null,
  key text not null,
  body_hash text not null,
  answer json not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (scope, key)
);
create index idempotency_created on planner.idempotency (created_at);

-- Who holds a database, service or file: two moves of one tenant can never interleave.
create table planner.reservation (
  subject text collate "C" primary key,
  migration_id uuid not null,
  reserved_at timestamptz not null default clock_timestamp()
);
create index reservation_migration on planner.reservation (migration_id);

create table planner.api_key (
  name text primary key,
  role text not null check (role in ('viewer', 'requester', 'approver', 'operator')),
  key_sha256 text not null unique,
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz
);

-- Projection for lists; the stream itself is the truth.
create table planner.migration (
  migration_id uuid primary key,
  kind text not null,
  status text not null,
  subject text not null,
  title text not null,
  requested_by text not null,
  dry_run boolean not null default false,
  -- Last position folded into this row; a fold never goes back.
  position bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index migration_newest on planner.migration (created_at desc, migration_id desc);
create index migration_status on planner.migration (status, created_at desc);
create index migration_subject on planner.migration (subject, created_at desc);
