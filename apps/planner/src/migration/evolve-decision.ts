import type { Failure, LedgerEvent, LedgerEventOf } from '#shared/contracts/events.js';
import type { KnownState, RunProgress, StepRun } from './migration-state.js';
import { mayApprove } from './permissions.js';
import { latestRun } from './step-runs.js';

export type DecisionEvent = Extract<
  LedgerEvent,
  {
    type:
      | 'PlanRefused'
      | 'PlanApproved'
      | 'StepResolved'
      | 'StepRetryRequested'
      | 'CompensationStarted'
      | 'RollbackRequested'
      | 'PointOfNoReturnPassed'
      | 'MigrationPaused'
      | 'MigrationResumed'
      | 'MigrationCancelRequested'
      | 'MigrationCompleted'
      | 'MigrationRolledBack'
      | 'MigrationCancelled'
      | 'MigrationHalted';
  }
>;

/** What people and the process manager decided about a migration that is not over. */
export function evolveDecision(state: KnownState, event: DecisionEvent): KnownState {
  switch (event.type) {
    case 'PlanRefused':
      return { ...state, status: 'refused', reasons: event.data.reasons, checks: event.data.checks };
    case 'PlanApproved':
      return approved(state, event);
    case 'StepRetryRequested':
      return goOn(withProgress(state, latestRun(state, event.data.stepId, event.data.direction), retryRequested));
    case 'StepResolved':
      return resolved(state, event);
    case 'MigrationCancelRequested':
      return goOn({ ...state, stop: { by: 'cancel', reason: event.data.reason } });
    case 'RollbackRequested':
      return goOn({ ...state, stop: { by: 'rollback', reason: event.data.reason } });
    case 'MigrationPaused':
      return state.status === 'migrating' ? { ...state, status: 'paused' } : state;
    case 'MigrationResumed':
      return state.status === 'paused' ? { ...state, status: 'migrating' } : state;
    case 'CompensationStarted':
      return state.planned === undefined
        ? state
        : { ...state, status: 'compensating', planned: state.planned, compensation: event.data };
    case 'PointOfNoReturnPassed':
      return passed(state, event);
    default:
      return ended(state, event);
  }
}

type Ending = Extract<
  DecisionEvent,
  { type: 'MigrationCompleted' | 'MigrationRolledBack' | 'MigrationCancelled' | 'MigrationHalted' }
>;

function ended(state: KnownState, { type, data }: Ending): KnownState {
  switch (type) {
    case 'MigrationCompleted': {
      const { result, downtimeMs } = data;
      return state.planned === undefined
        ? state
        : { ...state, status: 'completed', planned: state.planned, result, downtimeMs };
    }
    case 'MigrationRolledBack': {
      const { because, downtimeMs, leftovers } = data;
      return { ...state, status: 'rolled-back', because, downtimeMs, leftovers };
    }
    case 'MigrationCancelled':
      return { ...state, status: 'cancelled', reason: data.reason, downtimeMs: data.downtimeMs };
    case 'MigrationHalted':
      return { ...state, status: 'halted', at: data.at, because: data.because };
  }
}

/** Intake refuses what does not fit, another hash or the same person, and so does the fold. */
function approved(state: KnownState, { data }: LedgerEventOf<'PlanApproved'>): KnownState {
  const fits = state.status === 'awaiting-approval' && mayApprove(state, data).allowed;
  return fits ? { ...state, status: 'migrating' } : state;
}

function passed(state: KnownState, { data }: LedgerEventOf<'PointOfNoReturnPassed'>): KnownState {
  if (state.planned === undefined) return state;
  const planned = { ...state.planned, passed: true, passedBecause: data.because };
  return { ...state, planned };
}

/** A halted migration goes on where it stopped. */
function goOn(state: KnownState): KnownState {
  if (state.status !== 'halted') return state;
  const { planned, compensation } = state;
  if (planned === undefined) return { ...state, status: 'inspecting' };
  if (compensation === undefined) return { ...state, status: 'migrating', planned };
  return { ...state, status: 'compensating', planned, compensation };
}

function resolved(state: KnownState, { data }: LedgerEventOf<'StepResolved'>): KnownState {
  const run = latestRun(state, data.stepId, data.direction);
  return goOn(
    withProgress(state, run, (progress) => {
      if (data.outcome === 'not-done') return retryRequested(progress);
      if (data.outcome === 'done')
        return data.direction === 'run'
          ? { status: 'succeeded', result: {} }
          : { status: 'undone', result: { targetUnchanged: true } };
      return { status: 'failed', failure: failureOf(progress) };
    }),
  );
}

function retryRequested(progress: RunProgress): RunProgress {
  return { status: 'retry-requested', failure: failureOf(progress) };
}

function failureOf(progress: RunProgress): Failure {
  if ('failure' in progress) return progress.failure;
  return { code: 'STEP_STATE_UNKNOWN', detail: 'a person decided that the step has failed' };
}

function withProgress(
  state: KnownState,
  run: StepRun | undefined,
  change: (progress: RunProgress) => RunProgress,
): KnownState {
  if (run === undefined) return state;
  const runs = state.runs.map((other) => (other === run ? { ...run, progress: change(run.progress) } : other));
  return { ...state, runs };
}
