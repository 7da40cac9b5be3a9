-- requires: v002
-- transaction: off

create index concurrently work_orders_by_status on work_orders (status, visit_on);
create index concurrently user_activities_by_user on user_activities (user_id, happened_at desc);
create index concurrently security_events_by_user on security_events (user_id);
create index concurrently user_sessions_by_user on user_sessions (user_id);
