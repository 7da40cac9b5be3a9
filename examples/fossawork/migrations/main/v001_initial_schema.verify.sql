select count(*) = 7 from pg_tables
where schemaname = current_schema()
  and tablename in (
    'users', 'user_preferences', 'user_credentials', 'user_dispenser_data', 'stations', 'work_orders', 'user_activities'
  );
