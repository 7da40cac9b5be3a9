drop table simulation_runs;
