drop table construction_sets;
