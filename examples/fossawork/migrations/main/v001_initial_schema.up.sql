-- What the application needs from its first day.

create table users (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  display_name text not null,
  created_at timestamptz not null default now()
);

create table user_preferences (
  user_id uuid primary key references users (id) on delete cascade,
  email_notifications boolean not null default true,
  settings jsonb not null default '{}'
);

create table user_credentials (
  user_id uuid primary key references users (id) on delete cascade,
  username text not null,
  -- Sealed by the application: never in clear.
  sealed_password bytea not null
);

create table user_dispenser_data (
  id bigint generated always as identity primary key,
  user_id uuid not null references users (id) on delete cascade,
  station_number text not null,
  dispensers jsonb not null default '[]',
  unique (user_id, station_number)
);

create table stations (
  id bigint generated always as identity primary key,
  number text not null unique,
  name text not null
);

create table work_orders (
  id bigint generated always as identity primary key,
  user_id uuid not null references users (id) on delete cascade,
  station_id bigint,
  number text not null,
  status text not null default 'open' check (status in ('open', 'done', 'cancelled')),
  visit_on date,
  unique (user_id, number)
);

create table user_activities (
  id bigint generated always as identity primary key,
  user_id uuid not null references users (id) on delete cascade,
  activity text not null,
  happened_at timestamptz not null default now()
);
