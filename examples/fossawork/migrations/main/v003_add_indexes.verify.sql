select indisvalid from pg_index
where indexrelid in (
  'work_orders_by_status'::regclass, 'user_activities_by_user'::regclass,
  'security_events_by_user'::regclass, 'user_sessions_by_user'::regclass
);
