drop table simulation_zones;
drop table simulation_results;
