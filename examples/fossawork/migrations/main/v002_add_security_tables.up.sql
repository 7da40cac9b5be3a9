-- requires: v001

create table security_events (
  id bigint generated always as identity primary key,
  user_id uuid references users (id) on delete set null,
  kind text not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  address inet,
  recorded_at timestamptz not null default now()
);

create table user_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id) on delete cascade,
  token_hash bytea not null unique,
  expires_at timestamptz not null
);
