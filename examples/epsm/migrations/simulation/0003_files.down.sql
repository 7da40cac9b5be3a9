drop table simulation_files;
