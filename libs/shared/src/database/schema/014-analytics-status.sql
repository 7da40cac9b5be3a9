-- A policy of the registry can want an approval that the request does not: since then the plan says whether it waits, and
-- the request's option only for plans of before, where one without steps never waited.
create or replace view analytics.migrations as
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
    when s.type = 'PlanCompiled' and not (r.data ->> 'dryRun')::boolean
      and (
        s.data -> 'approval' is not null
        or r.data #>> '{request,options,approval}' = 'required' and s.data #>> '{plan,steps}' is distinct from '[]'
      ) then 'awaiting-approval'
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
  select e.type, e.position, e.data
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

-- Policies and the health of projects have names of their own, and a registry name may hold colons.
create or replace view analytics.audit_trail as
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
    when stream_id like 'registry-policy:%' then 'policies'
    when stream_id like 'health-%' then 'health'
    else 'requests'
  end as table_name,
  -- migration-<id>, instance-<id>, step-<id>:<step>, registry-<noun>:<name>, health-<project>, intake-<id>: what follows
  -- the prefix, of a name also the colons in it.
  case when stream_id like 'registry-%' then substr(stream_id, strpos(stream_id, ':') + 1)
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
