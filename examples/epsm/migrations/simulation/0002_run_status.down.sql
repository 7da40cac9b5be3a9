alter table simulation_runs drop column status;
