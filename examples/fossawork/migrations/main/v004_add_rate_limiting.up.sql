-- requires: v002

create table rate_limit_rules (
  id bigint generated always as identity primary key,
  endpoint text not null unique,
  requests integer not null check (requests > 0),
  per_seconds integer not null check (per_seconds > 0)
);

create table rate_limit_hits (
  rule_id bigint not null references rate_limit_rules (id) on delete cascade,
  caller text not null,
  window_start timestamptz not null,
  hits integer not null default 1,
  primary key (rule_id, caller, window_start)
);

insert into rate_limit_rules (endpoint, requests, per_seconds)
values ('/api/login', 5, 60), ('/api/work-orders', 120, 60);
