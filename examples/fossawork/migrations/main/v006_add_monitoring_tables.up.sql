-- requires: v005

create table performance_samples (
  id bigint generated always as identity primary key,
  metric text not null,
  value double precision not null,
  sampled_at timestamptz not null default now()
);

create index performance_samples_by_metric on performance_samples (metric, sampled_at desc);

create table job_runs (
  id bigint generated always as identity primary key,
  job text not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  failed boolean not null default false
);
