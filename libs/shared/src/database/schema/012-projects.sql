-- Projects of versioned migrations: their bytes, content-addressed, and how their databases are.

-- Written once by the planner that a project is pushed to; executors read by digest. Never changed.
create table planner.project_content (
  -- SHA-256 over names and contents of the files, lower-case hex.
  digest text primary key check (digest ~ '^[0-9a-f]{64}$'),
  -- {path: text}, exact.
  files json not null,
  stored_at timestamptz not null default clock_timestamp()
);

-- The last look at each database. What it was before stands in the ledger as HealthChanged.
create table executor.project_health (
  project text not null,
  alias text not null,
  digest text not null,
  state text not null,
  -- DatabaseHealth
  health json not null,
  checked_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (project, alias)
);

-- One executor at a time looks at a project; the time of the next look.
create table executor.project_watch (
  project text primary key,
  owner text,
  lease_until timestamptz,
  due_at timestamptz not null default '-infinity'
);

grant select, insert on planner.project_content to rehome_planner;
grant select on planner.project_content to rehome_executor;
grant select, insert, update, delete on executor.project_health, executor.project_watch to rehome_executor;
grant select on executor.project_health to rehome_planner;

-- Executors tell of health on streams of their own.
create or replace function ledger.owns_stream(service text, stream_id text) returns boolean language sql stable as $$
  select case service
    when 'planner' then stream_id like 'migration-_%' or stream_id like 'instance-_%'
      or stream_id like 'registry-_%' or stream_id like 'intake-_%'
    when 'executor' then stream_id like 'step-_%' or stream_id like 'health-_%'
    else false
  end
$$;
