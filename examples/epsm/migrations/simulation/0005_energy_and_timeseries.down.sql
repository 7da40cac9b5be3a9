drop table simulation_hourly_timeseries;
drop table simulation_energy_use;
