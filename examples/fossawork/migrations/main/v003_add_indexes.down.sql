-- transaction: off

drop index concurrently user_sessions_by_user;
drop index concurrently security_events_by_user;
drop index concurrently user_activities_by_user;
drop index concurrently work_orders_by_status;
