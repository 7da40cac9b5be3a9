-- What analysts see (docs/reference/ledger.md lists the columns). Everything is folded from events alone,
-- so a replayed ledger shows the same. Views run with the rights of rehome_owner.

create schema analytics;

create view analytics.events as
select
  position, stream_id as stream, stream_version, event_id, type, schema_version, recorded_at,
  data::jsonb as data, metadata::jsonb as metadata, migration_id,
  metadata ->> 'actor' as actor, metadata ->> 'correlationId' as correlation_id,
  metadata ->> 'causationId' as causation_id,
  encode(prev_hash, 'hex') as prev_hash, encode(hash, 'hex') as hash
from ledger.event;

create view analytics.migrations as
select
  r.migration_id,
  r.data ->> 'kind' as kind,
  r.data ->> 'subject' as subject,
  r.data ->> 'title' as title,
  (r.data ->> 'dryRun')::boolean as dry_run,
  s.status,
  r.data ->> 'requestedBy' as requested_by,
  r.recorded_at as requested_at,
  f.finished_at,
  f.downtime_ms,
  f.plan_hash,
  f.approved_by,
  coalesce(f.point_of_no_return_passed, false) as point_of_no_return_passed,
  f.failure_code,
  f.failure_detail,
  f.result,
  f.last_position
from ledger.event as r
cross join lateral (
  select
    max(e.recorded_at) filter (
      where e.type in ('PlanRefused', 'MigrationCompleted', 'MigrationRolledBack', 'MigrationCancelled')
    ) as finished_at,
    max((e.data ->> 'downtimeMs')::numeric) as downtime_ms,
    max(e.data ->> 'planHash') filter (where e.type = 'PlanCompiled') as plan_hash,
    max(e.data ->> 'approvedBy') filter (where e.type = 'PlanApproved') as approved_by,
    bool_or(true) filter (where e.type = 'PointOfNoReturnPassed') as point_of_no_return_passed,
    (array_agg(e.data #>> '{because,code}' order by e.position desc)
      filter (where e.data #>> '{because,code}' is not null))[1] as failure_code,
    (array_agg(e.data #>> '{because,detail}' order by e.position desc)
      filter (where e.data #>> '{because,code}' is not null))[1] as failure_detail,
    (array_agg(e.data::jsonb -> 'result') filter (where e.type = 'MigrationCompleted'))[1] as result,
    max(e.position) as last_position
  from ledger.event as e
  where e.stream_id = r.stream_id
) as f
cross join lateral (
  select case
    when e.type = 'MigrationRequested' then 'requested'
    when e.type = 'MigrationScheduled' then 'scheduled'
    when e.type = 'PlanRefused' then 'refused'
    when e.type = 'PlanCompiled' and r.data #>> '{request,options,approval}' = 'required' then 'awaiting-approval'
    when e.type = 'PlanCompiled' and (r.data ->> 'dryRun')::boolean then 'completed'
    when e.type = 'MigrationPaused' then 'paused'
    when e.type in ('CompensationStarted', 'RollbackRequested') then 'compensating'
    when e.type = 'StepCommanded' and e.data ->> 'direction' = 'undo' then 'compensating'
    when e.type = 'StepCommanded' and e.data ->> 'planHash' is null then 'inspecting'
    when e.type = 'MigrationCompleted' then 'completed'
    when e.type = 'MigrationRolledBack' then 'rolled-back'
    when e.type = 'MigrationCancelled' then 'cancelled'
    when e.type = 'MigrationHalted' then 'halted'
    else 'migrating'
  end as status
  from ledger.event as e
  where e.stream_id = r.stream_id
    and e.type in (
      'MigrationRequested', 'MigrationScheduled', 'PlanCompiled', 'PlanRefused', 'PlanApproved', 'StepCommanded',
      'CompensationStarted', 'RollbackRequested', 'MigrationPaused', 'MigrationResumed', 'StepResolved',
      'StepRetryRequested', 'MigrationCompleted', 'MigrationRolledBack', 'MigrationCancelled', 'MigrationHalted'
    )
  order by e.position desc
  limit 1
) as s
where r.type = 'MigrationRequested';

create view analytics.steps as
select
  c.migration_id,
  c.data ->> 'stepId' as step_id,
  c.data ->> 'direction' as direction,
  (c.data ->> 'generation')::integer as generation,
  c.data ->> 'kind' as kind,
  coalesce(o.status, 'commanded') as status,
  coalesce(o.attempts, 0) as attempts,
  o.owner,
  c.recorded_at as commanded_at,
  o.accepted_at,
  o.started_at,
  o.finished_at,
  o.duration_ms,
  o.error_code,
  o.error_detail,
  c.data ->> 'site' as site,
  coalesce(o.last_position, c.position) as last_position
from ledger.event as c
cross join lateral (
  select
    (array_agg(case e.type
      when 'StepAccepted' then 'accepted'
      when 'StepStarted' then 'running'
      when 'StepSucceeded' then 'succeeded'
      when 'StepUndone' then 'undone'
      when 'StepFailed' then case when (e.data ->> 'final')::boolean then 'failed' else 'waiting' end
      when 'StepCancelled' then 'cancelled'
      when 'StepNeedsDecision' then 'needs-decision'
      when 'StepLeaseLost' then 'running'
    end order by e.position desc))[1] as status,
    max((e.data ->> 'attempt')::integer) as attempts,
    (array_agg(e.data ->> 'owner' order by e.position desc) filter (where e.type = 'StepStarted'))[1] as owner,
    min(e.recorded_at) filter (where e.type = 'StepAccepted') as accepted_at,
    min(e.recorded_at) filter (where e.type = 'StepStarted') as started_at,
    max(e.recorded_at) filter (
      where e.type in ('StepSucceeded', 'StepUndone', 'StepCancelled', 'StepNeedsDecision')
        or (e.type = 'StepFailed' and (e.data ->> 'final')::boolean)
    ) as finished_at,
    max((e.data ->> 'durationMs')::numeric) as duration_ms,
    (array_agg(e.data #>> '{failure,code}' order by e.position desc)
      filter (where e.data #>> '{failure,code}' is not null))[1] as error_code,
    (array_agg(e.data #>> '{failure,detail}' order by e.position desc)
      filter (where e.data #>> '{failure,code}' is not null))[1] as error_detail,
    max(e.position) as last_position
  from ledger.event as e
  where e.migration_id = c.migration_id
    and e.stream_id = 'step-' || c.migration_id || ':' || (c.data ->> 'stepId')
    and e.data ->> 'direction' = c.data ->> 'direction'
    and e.data ->> 'generation' = c.data ->> 'generation'
) as o
where c.type = 'StepCommanded';

create view analytics.instances as
select
  r.data ->> 'instanceId' as instance_id,
  coalesce(p.plan, r.data ->> 'plan') as plan,
  coalesce(m.data #>> '{to,dbServerId}', r.data ->> 'server') as server,
  m.data #>> '{to,host}' as host,
  (m.data #>> '{to,port}')::integer as port,
  coalesce(m.data #>> '{to,dbType}', r.data ->> 'dbType') as db_type,
  r.data ->> 'database' as database,
  r.data ->> 'owner' as owner,
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
  select e.data ->> 'plan' as plan, e.position from ledger.event as e
  where e.stream_id = r.stream_id and e.type in ('InstanceMoved', 'InstanceResized') and e.position > r.position
  order by e.position desc limit 1
) as p on true;

-- Who did what, when: one row per event.
create view analytics.audit_trail as
select
  case
    when stream_id like 'migration-%' then 'migrations'
    when stream_id like 'step-%' then 'steps'
    when stream_id like 'instance-%' then 'instances'
    when stream_id like 'registry-server:%' then 'servers'
    when stream_id like 'registry-service:%' then 'services'
    when stream_id like 'registry-entitlements:%' then 'entitlements'
    when stream_id like 'registry-project:%' then 'projects'
    when stream_id like 'registry-source:%' then 'sources'
    else 'requests'
  end as table_name,
  -- migration-<id>, instance-<id>, step-<id>:<step>, registry-<noun>:<name>, intake-<id>: what follows the prefix.
  case when stream_id like 'registry-%' then split_part(stream_id, ':', 2)
    else substr(stream_id, strpos(stream_id, '-') + 1) end as record_id,
  metadata ->> 'actor' as actor,
  type as action,
  recorded_at as created_at,
  migration_id,
  metadata ->> 'correlationId' as correlation_id,
  event_id,
  position,
  data::jsonb as detail
from ledger.event;
