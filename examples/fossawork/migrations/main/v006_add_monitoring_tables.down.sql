drop table job_runs;
drop table performance_samples;
