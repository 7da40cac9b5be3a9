-- A move may give the database another name and another role; where the tenant lives now is what the last move said.
create or replace view analytics.instances as
select
  r.data ->> 'instanceId' as instance_id,
  coalesce(p.plan, r.data ->> 'plan') as plan,
  coalesce(m.data #>> '{to,dbServerId}', r.data ->> 'server') as server,
  m.data #>> '{to,host}' as host,
  (m.data #>> '{to,port}')::integer as port,
  coalesce(m.data #>> '{to,dbType}', r.data ->> 'dbType') as db_type,
  coalesce(d.database, r.data ->> 'database') as database,
  coalesce(m.data #>> '{to,user}', r.data ->> 'owner') as owner,
  r.data ->> 'service' as service,
  f.registered_at,
  m.recorded_at as moved_at,
  (m.data ->> 'migrationId')::uuid as moved_by,
  greatest(r.position, m.position, p.position) as last_position
from (
  -- The last registration of each instance.
  select distinct on (stream_id) * from ledger.event
  where type = 'InstanceRegistered' order by stream_id, stream_version desc
) as r
cross join lateral (
  select min(e.recorded_at) as registered_at from ledger.event as e
  where e.stream_id = r.stream_id and e.type = 'InstanceRegistered'
) as f
left join lateral (
  -- A registration after a move wins over it.
  select e.* from ledger.event as e
  where e.stream_id = r.stream_id and e.type = 'InstanceMoved' and e.position > r.position
  order by e.position desc limit 1
) as m on true
left join lateral (
  -- A move that kept the name does not tell it.
  select e.data #>> '{to,database}' as database from ledger.event as e
  where e.stream_id = r.stream_id and e.type = 'InstanceMoved' and e.position > r.position
    and e.data #>> '{to,database}' is not null
  order by e.position desc limit 1
) as d on true
left join lateral (
  select e.data ->> 'plan' as plan, e.position from ledger.event as e
  where e.stream_id = r.stream_id and e.type in ('InstanceMoved', 'InstanceResized') and e.position > r.position
  order by e.position desc limit 1
) as p on true;
