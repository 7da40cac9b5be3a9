drop table constructions;
drop table materials;
