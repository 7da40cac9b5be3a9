import type { Pool } from 'pg';
import type { StepDirection, StepRunKey } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { STEP_VERSIONS } from '#shared/contracts/steps/step-kinds.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';
import { traceparentField } from '#shared/observability/trace-context.js';
import type { LeaseAnswer } from './lease.js';
import type { Progress } from './step.js';
import type { StepRun, StepRunState } from './step-run.js';

interface CandidateRow {
  migration_id: string;
  step_id: string;
  direction: StepDirection;
  generation: number;
  command_id: string;
  kind: string;
  version: number;
  params: JsonObject;
  result: JsonObject | null;
  site: string | null;
  correlation_id: string;
  traceparent: string | null;
  state: StepRunState;
  attempt: number;
  fence: string;
  owner: string | null;
  cancel_requested: boolean;
  remaining_ms: number;
}

/** A newer executor may have accepted a kind that only it can run. */
const KNOWN_KINDS = Object.keys(STEP_VERSIONS);

/**
 * Runs that may be claimed now: accepted, waiting and due, or running under a lease that ran out; of no site or
 * of ours; oldest first. Only a look: the claim itself compares and sets the fence.
 */
export async function findCandidates(pool: Pool, site: string | undefined, limit: number): Promise<StepRun[]> {
  const { rows } = await ask(
    pool.query<CandidateRow>(
      `select migration_id, step_id, direction, generation, command_id, kind, version, params, result, site,
              correlation_id, state, attempt, fence, owner, cancel_requested,
              (select command.metadata ->> 'traceparent'
                 from ledger.event as command
                where command.event_id = run.command_id) as traceparent,
              coalesce(extract(epoch from deadline - clock_timestamp()) * 1000, timeout_ms)::float8 as remaining_ms
         from executor.step_run as run
        where (state = 'accepted'
               or (state = 'waiting' and retry_at <= clock_timestamp())
               or (state = 'running' and lease_until < clock_timestamp()))
          and (site is null or site = $1)
          and kind = any ($2)
          -- Left out while their budget is used up: a queue of bulk work must not hide what could run now.
          and not exists (
            select
              from executor.slot
             where slot.key = run.slot_key
               and slot.capacity <= (select count(*)
                                       from executor.step_run as other
                                      where other.slot_key = slot.key and other.state = 'running'
                                        and other.command_id <> run.command_id))
        order by accepted_at
        limit $3`,
      [site ?? null, KNOWN_KINDS, limit],
    ),
  );
  return rows.map(toStepRun);
}

/** Milliseconds until the next run becomes due or its lease ends; undefined when none will. */
export async function nextDueMs(pool: Pool): Promise<number | undefined> {
  const { rows } = await ask(
    pool.query<{ due_ms: number | null }>(
      `select extract(epoch from min(due) - clock_timestamp())::float8 * 1000 as due_ms
         from (select min(retry_at) as due from executor.step_run where state = 'waiting'
               union all
               select min(lease_until) from executor.step_run where state = 'running') as times`,
    ),
  );
  const dueMs = rows[0]?.due_ms;
  return dueMs === null || dueMs === undefined ? undefined : Math.max(0, dueMs);
}

export interface RenewedLease {
  readonly key: StepRunKey;
  readonly fence: number;
  readonly owner: string;
  readonly ttlMs: number;
}

/** One beat: extends the lease by database time and writes the progress, if the run is still ours. */
export async function renewLease(
  pool: Pool,
  lease: RenewedLease,
  progress: Progress | undefined,
): Promise<LeaseAnswer> {
  const { migrationId, stepId, direction, generation } = lease.key;
  const { rows } = await ask(
    pool.query<{ cancel_requested: boolean }>(
      `update executor.step_run
          set lease_until = clock_timestamp() + make_interval(secs => $7::float8 / 1000),
              progress = coalesce($8::json, progress)
        where migration_id = $1 and step_id = $2 and direction = $3 and generation = $4
          and fence = $5 and owner = $6 and state = 'running'
       returning cancel_requested`,
      [migrationId, stepId, direction, generation, lease.fence, lease.owner, lease.ttlMs, toText(progress)],
    ),
  );
  const row = rows[0];
  return row === undefined ? { held: false } : { held: true, cancelRequested: row.cancel_requested };
}

/**
 * Asks the run to stop at its next safe point. One that waits for its next attempt becomes due at once, so that
 * a runner ends it. @returns whether there is such a run that has not ended.
 */
export async function requestCancel(pool: Pool, key: StepRunKey): Promise<boolean> {
  const { rowCount } = await ask(
    pool.query(
      `update executor.step_run
          set cancel_requested = true,
              retry_at = case when state = 'waiting' then clock_timestamp() end
        where migration_id = $1 and step_id = $2 and direction = $3 and generation = $4
          and state in ('accepted', 'waiting', 'running')`,
      [key.migrationId, key.stepId, key.direction, key.generation],
    ),
  );
  return rowCount === 1;
}

export async function isKnownRun(pool: Pool, key: StepRunKey): Promise<boolean> {
  const { rowCount } = await ask(
    pool.query(
      `select 1
         from executor.step_run
        where migration_id = $1 and step_id = $2 and direction = $3 and generation = $4`,
      [key.migrationId, key.stepId, key.direction, key.generation],
    ),
  );
  return rowCount === 1;
}

function toStepRun(row: CandidateRow): StepRun {
  return {
    key: {
      migrationId: row.migration_id,
      stepId: row.step_id,
      direction: row.direction,
      generation: row.generation,
    },
    kind: row.kind,
    version: row.version,
    params: row.params,
    result: row.result ?? undefined,
    state: row.state,
    attempt: row.attempt,
    fence: Number(row.fence),
    owner: row.owner ?? undefined,
    site: row.site ?? undefined,
    correlationId: row.correlation_id,
    commandId: row.command_id,
    ...traceparentField(row.traceparent ?? undefined),
    cancelRequested: row.cancel_requested,
    remainingMs: row.remaining_ms,
  };
}

function toText(progress: Progress | undefined): string | null {
  return progress === undefined ? null : JSON.stringify(progress);
}

async function ask<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw ledgerFailure(error);
  }
}
