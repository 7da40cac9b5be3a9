-- The ledger: one append-only event table, its head, and the cursors of its readers.
-- Run as rehome_owner by set-up.ts, once. A released file is never edited.

create schema ledger;

-- One row: where the next event goes. Its lock gives gap-free positions in commit order.
-- fillfactor 10: each append updates it in place (HOT), so it stays one page.
create table ledger.head (
  singleton boolean primary key default true check (singleton),
  ledger_id uuid not null default gen_random_uuid(),
  epoch integer not null default 1,
  position bigint not null default 0,
  hash bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(hash) = 32),
  recorded_at timestamptz not null default '1970-01-01T00:00:00Z',
  -- Not null: appends are refused, because the ledger may have lost its tail (restored backup).
  held_because text
) with (fillfactor = 10);

insert into ledger.head default values;

create table ledger.event (
  position bigint primary key,
  stream_id text collate "C" not null check (octet_length(stream_id) <= 512),
  stream_version bigint not null,
  event_id uuid not null,
  type text collate "C" not null,
  schema_version integer not null check (schema_version >= 1),
  recorded_at timestamptz not null,
  -- json keeps the exact text, which the hash covers; jsonb would not.
  data json not null,
  metadata json not null,
  prev_hash bytea not null,
  hash bytea not null,
  -- A stream of a migration names it: a name without a UUID is refused here.
  migration_id uuid generated always as (
    case
      when stream_id like 'migration-%' then substr(stream_id, 11)::uuid
      when stream_id like 'step-%' then split_part(substr(stream_id, 6), ':', 1)::uuid
    end
  ) stored
);

create unique index event_stream on ledger.event (stream_id, stream_version);
create unique index event_id on ledger.event (event_id);
create index event_migration on ledger.event (migration_id, position) where migration_id is not null;
-- Where every migration, command and tenant begins: few rows, many questions.
create index event_beginning on ledger.event (type, position)
  where type in ('MigrationRequested', 'StepCommanded', 'InstanceRegistered');

-- The names are visible in every refusal, also to the owner. Only the hash chain sees what a superuser
-- does with triggers switched off.
create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append only: % on ledger.event is refused', tg_op
    using errcode = 'restrict_violation';
end
$$;

create trigger event_append_only
  before update or delete on ledger.event
  for each row execute function ledger.refuse_change();

create trigger event_no_truncate
  before truncate on ledger.event
  for each statement execute function ledger.refuse_change();

-- The place a reader has durably reached, and who may read now. Moved only by the effect `cursor`.
create table ledger.cursor (
  name text primary key,
  owner text not null,
  fence bigint not null,
  lease_until timestamptz not null,
  position bigint not null default 0
) with (fillfactor = 50);
