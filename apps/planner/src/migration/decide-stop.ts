import type { Failure } from '#shared/contracts/events.js';
import { commandCancel } from './commands.js';
import { event, failure, NOTHING, type Decision, type Draft } from './decision.js';
import { downtimeAt } from './downtime.js';
import { failureOfRun } from './judge-result.js';
import type { Common, Leftover, PlannedFacts, StopRequest } from './migration-state.js';
import { isCommitted, isInFlight, latestRun, runsInFlight, startedSteps } from './step-runs.js';

export const DOWNTIME_TIMER = 'downtime';

type Planned = Common & { readonly planned: PlannedFacts };

/** Nothing has been changed yet: a running inspection is stopped, and that is all. */
export function decideStopBeforePlan(state: Common, stop: StopRequest): Decision {
  const running = runsInFlight(state, 'run');
  return running.length === 0 ? endStopped(state, stopFailure(stop), []) : cancelRunning(running, stop.reason);
}

/** Why a migration before its point of no return must be taken back; undefined when it must not. */
export function reasonToStop(state: Planned): Failure | undefined {
  if (state.stop !== undefined) return stopFailure(state.stop);
  return failedStep(state) ?? downtimeExceeded(state);
}

/** First failure in the order of the plan. */
export function failedStep(state: Planned): Failure | undefined {
  for (const step of state.planned.plan.steps) {
    const run = latestRun(state, step.id);
    const reason = run === undefined ? undefined : failureOfRun(run);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/**
 * Waits until nothing runs, then starts to take back. Once nothing is in flight the order is final: nothing can
 * start behind the back of the compensation.
 */
export function decideStop(state: Planned, because: Failure): Decision {
  const running = runsInFlight(state, 'run');
  if (running.length > 0) return cancelRunning(running, because.detail);
  const stepIds = compensationOrder(state);
  if (stepIds.length === 0) return endStopped(state, because, []);
  return { events: [event('CompensationStarted', { migrationId: state.request.migrationId, because, stepIds })] };
}

/**
 * Availability first: what brings the application back, latest first, then the clean-ups, latest first. Every step
 * that ever started is in it, the failed one too: nobody knows how far it came.
 */
function compensationOrder(state: Planned): string[] {
  const latestFirst = startedSteps(state)
    .filter((step) => step.reversible)
    .reverse();
  const restoring = latestFirst.filter((step) => step.restoresService);
  const cleaning = latestFirst.filter((step) => !step.restoresService);
  return [...restoring, ...cleaning].map((step) => step.id);
}

/** The end of a migration that was taken back, or had nothing to take back. */
export function endStopped(state: Common, because: Failure, leftovers: readonly Leftover[]): Decision {
  const { migrationId } = state.request;
  const downtimeMs = downtimeAt(state.downtime, state.lastAt);
  if (state.stop?.by === 'cancel')
    return {
      events: [event('MigrationCancelled', { migrationId, reason: state.stop.reason, downtimeMs })],
      release: true,
    };
  const left = new Set(leftovers.map(({ stepId }) => stepId));
  const undone = (state.compensation?.stepIds ?? []).filter((stepId) => !left.has(stepId));
  return {
    events: [event('MigrationRolledBack', { migrationId, because, downtimeMs, undone, leftovers })],
    release: true,
  };
}

function stopFailure(stop: StopRequest): Failure {
  return failure('STEP_CANCELLED', `${stop.by === 'cancel' ? 'cancelled' : 'rolled back'}: ${stop.reason}`);
}

function cancelRunning(running: Parameters<typeof commandCancel>[0][], reason: string): Decision {
  const events: Draft[] = running
    .filter((run) => isInFlight(run) && !run.cancelCommanded)
    .map((run) => commandCancel(run, reason));
  return events.length === 0 ? NOTHING : { events };
}

/**
 * The limit counts while the application is down and the way back is shorter than the way on: once the start is
 * commanded, going on ends the downtime first.
 */
function downtimeExceeded(state: Planned): Failure | undefined {
  const limitMs = state.planned.plan.maxDowntimeMs;
  if (limitMs === undefined || state.downtime.sinceMs === undefined || isCommitted(state)) return undefined;
  const downMs = downtimeAt(state.downtime, state.lastAt);
  const due = state.timers.some(({ timer, fired }) => timer === DOWNTIME_TIMER && fired);
  if (!due && downMs <= limitMs) return undefined;
  return failure(
    'DOWNTIME_EXCEEDED',
    `the application has been down for ${String(downMs)} ms of ${String(limitMs)} ms`,
    {
      downtimeMs: downMs,
      maxDowntimeMs: limitMs,
    },
  );
}
