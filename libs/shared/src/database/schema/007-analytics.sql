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

-- `status` is the planner's own fold (apps/planner/src/migration/evolve.ts): the last event that sets it, and
-- for a halted migration whether a person let it go on since.
create view analytics.migrations as
select
  r.migration_id,
  r.data ->> 'kind' as kind,
  r.data ->> 'subject' as subject,
  r.data ->> 'title' as title,
  (r.data ->> 'dryRun')::boolean as dry_run,
  case
    when s.type = 'MigrationRequested' then 'requested'
    when s.type = 'MigrationScheduled' then 'scheduled'
    when s.type = 'StepCommanded' then 'inspecting'
    when s.type = 'PlanRefused' then 'refused'
    when s.type = 'PlanCompiled' and r.data #>> '{request,options,approval}' = 'required'
      and not (r.data ->> 'dryRun')::boolean then 'awaiting-approval'
    when s.type = 'MigrationPaused' then 'paused'
    when s.type = 'CompensationStarted' then 'compensating'
    when s.type = 'MigrationCompleted' then 'completed'
    when s.type = 'MigrationRolledBack' then 'rolled-back'
    when s.type = 'MigrationCancelled' then 'cancelled'
    when s.type = 'MigrationHalted' and f.went_on_at > s.position
      then case when f.plan_hash is null then 'inspecting' when f.compensating then 'compensating' else 'migrating' end
    when s.type = 'MigrationHalted' then 'halted'
    else 'migrating'
  end as status,
  r.data ->> 'requestedBy' as requested_by,
  r.recorded_at as requested_at,
  f.finished_at,
  f.downtime_ms,
  f.plan_hash,
  f.approved_by,
  f.point_of_no_return_passed,
  w.failure_code,
  w.failure_detail,
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
    bool_or(e.type = 'PointOfNoReturnPassed') as point_of_no_return_passed,
    bool_or(e.type = 'CompensationStarted') as compensating,
    (array_agg(e.data::jsonb -> 'result') filter (where e.type = 'MigrationCompleted'))[1] as result,
    max(e.position) filter (
      where e.type in ('StepResolved', 'StepRetryRequested', 'MigrationCancelRequested', 'RollbackRequested')
    ) as went_on_at,
    max(e.position) as last_position
  from ledger.event as e
  where e.stream_id = r.stream_id
) as f
cross join lateral (
  select e.type, e.position
  from ledger.event as e
  where e.stream_id = r.stream_id
    and (
      e.type in (
        'MigrationRequested', 'MigrationScheduled', 'PlanCompiled', 'PlanRefused', 'PlanApproved', 'CompensationStarted',
        'MigrationPaused', 'MigrationResumed', 'MigrationCompleted', 'MigrationRolledBack', 'MigrationCancelled',
        'MigrationHalted'
      )
      or (e.type = 'StepCommanded' and e.data ->> 'stepId' = 'inspect')
    )
  order by e.stream_version desc
  limit 1
) as s
left join lateral (
  -- The first of several reasons of a refusal, else what it was taken back or halted for.
  select
    coalesce(e.data #>> '{because,code}', e.data #>> '{reasons,0,code}') as failure_code,
    coalesce(e.data #>> '{because,detail}', e.data #>> '{reasons,0,detail}') as failure_detail
  from ledger.event as e
  where e.stream_id = r.stream_id
    and e.type in ('PlanRefused', 'CompensationStarted', 'MigrationRolledBack', 'MigrationHalted')
  order by e.stream_version desc
  limit 1
) as w on true
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
