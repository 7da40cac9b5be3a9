-- requires: 0001

create table sessions (
  session_key varchar(40) primary key,
  user_id bigint not null references users (id) deferrable initially deferred,
  expire_date timestamptz not null
);

create index sessions_by_user on sessions (user_id);
