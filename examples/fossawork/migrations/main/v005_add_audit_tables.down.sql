drop table retention_policies;
drop table audit_log;
