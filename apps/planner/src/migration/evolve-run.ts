import type { Failure, LedgerEvent, LedgerEventOf, StepRunKey } from '#shared/contracts/events.js';
import type { RunProgress, StepRun } from './migration-state.js';

type Outcome = Extract<
  LedgerEvent,
  { type: 'StepSucceeded' | 'StepUndone' | 'StepFailed' | 'StepCancelled' | 'StepNeedsDecision' }
>;

export type RunEvent =
  Outcome | Extract<LedgerEvent, { type: 'StepCancelCommanded' | 'StepAccepted' | 'StepStarted' | 'StepLeaseLost' }>;

/** A run as its command made it. */
export function commandedRun({ data, recordedAt }: LedgerEventOf<'StepCommanded'>): StepRun {
  const { migrationId, stepId, direction, generation } = data;
  return {
    key: { migrationId, stepId, direction, generation },
    kind: data.kind,
    params: data.params,
    version: data.version,
    timeoutMs: data.timeoutMs,
    ...(data.result === undefined ? {} : { resultOfRun: data.result }),
    ...(data.site === undefined ? {} : { site: data.site }),
    attempt: 0,
    cancelCommanded: false,
    commandedAt: recordedAt,
    progress: { status: 'commanded' },
  };
}

export function isRun(run: StepRun, key: StepRunKey): boolean {
  const { stepId, direction, generation } = run.key;
  return stepId === key.stepId && direction === key.direction && generation === key.generation;
}

export function evolveRun(run: StepRun, event: RunEvent): StepRun {
  switch (event.type) {
    case 'StepCancelCommanded':
      return { ...run, cancelCommanded: true };
    case 'StepAccepted':
      return run.progress.status === 'commanded' ? { ...run, progress: { status: 'accepted' } } : run;
    case 'StepStarted':
      return {
        ...run,
        attempt: event.data.attempt,
        startedAt: run.startedAt ?? event.recordedAt,
        startedPosition: run.startedPosition ?? event.position,
        progress: { status: 'running' },
      };
    case 'StepLeaseLost':
      return { ...run, progress: { status: 'retrying', failure: leaseLost(event.data.owner) } };
    default:
      return finish(run, event);
  }
}

function finish(run: StepRun, event: Outcome): StepRun {
  const progress = progressOf(event);
  const { attempt } = event.data;
  if (progress.status === 'retrying') return { ...run, attempt, progress };
  return { ...run, attempt, finishedAt: event.recordedAt, progress };
}

function progressOf(event: Outcome): RunProgress {
  switch (event.type) {
    case 'StepSucceeded':
      return { status: 'succeeded', result: event.data.result };
    case 'StepUndone':
      return { status: 'undone', result: event.data.result };
    case 'StepCancelled':
      return { status: 'cancelled', reason: event.data.reason };
    case 'StepNeedsDecision':
      return { status: 'needs-decision', failure: event.data.failure };
    case 'StepFailed':
      return failedProgress(event.data);
  }
}

function failedProgress({ final, failure, retryAt }: LedgerEventOf<'StepFailed'>['data']): RunProgress {
  if (final) return { status: 'failed', failure };
  return { status: 'retrying', failure, ...(retryAt === undefined ? {} : { retryAt }) };
}

function leaseLost(owner: string): Failure {
  return { code: 'LEASE_LOST', detail: `executor ${owner} lost its lease; another one goes on` };
}
