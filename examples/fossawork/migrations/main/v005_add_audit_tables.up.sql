-- requires: v002

create table audit_log (
  id bigint generated always as identity primary key,
  table_name text not null,
  row_key text not null,
  actor text not null,
  action text not null,
  created_at timestamptz not null default now()
);

create index audit_log_by_table on audit_log (table_name, created_at desc);

create table retention_policies (
  id bigint generated always as identity primary key,
  table_name text not null unique,
  keep interval not null,
  active boolean not null default true
);

insert into retention_policies (table_name, keep)
values ('audit_log', interval '2 years'), ('security_events', interval '1 year');
