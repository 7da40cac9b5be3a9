-- For the day on which the down script of v006 does not work: whatever is left of it goes.
drop table if exists job_runs;
drop table if exists performance_samples;
