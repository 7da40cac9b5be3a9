drop table user_activities;
drop table work_orders;
drop table stations;
drop table user_dispenser_data;
drop table user_credentials;
drop table user_preferences;
drop table users;
