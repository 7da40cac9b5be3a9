-- requires: 0001

alter table simulation_runs add column status varchar(20) not null default 'queued';
