drop table user_sessions;
drop table security_events;
