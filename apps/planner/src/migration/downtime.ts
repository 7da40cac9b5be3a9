import type { LedgerEvent } from '#shared/contracts/events.js';
import type { Plan } from '#shared/contracts/plan.js';
import type { Downtime } from './migration-state.js';

export const NO_DOWNTIME: Downtime = { sinceMs: undefined, totalMs: 0 };

/**
 * Counts the time without the application: from the first start of a step that runs while it is down to the
 * success of its start, or to the undone stop. The undo of a start takes it down again.
 */
export function countDowntime(downtime: Downtime, event: LedgerEvent, plan: Plan | undefined): Downtime {
  const atMs = Date.parse(event.recordedAt);
  switch (event.type) {
    case 'StepStarted':
      return takesDown(event.data, plan) ? goDown(downtime, atMs) : downtime;
    case 'StepSucceeded':
      return event.data.kind === 'start-service' ? comeUp(downtime, atMs) : downtime;
    case 'StepUndone':
      return event.data.kind === 'stop-service' ? comeUp(downtime, atMs) : downtime;
    default:
      return downtime;
  }
}

/** Total so far, ms, as seen at a recorded time. */
export function downtimeAt(downtime: Downtime, recordedAt: string): number {
  return downtime.totalMs + (downtime.sinceMs === undefined ? 0 : Date.parse(recordedAt) - downtime.sinceMs);
}

function takesDown(run: { stepId: string; direction: 'run' | 'undo'; kind: string }, plan: Plan | undefined): boolean {
  if (run.direction === 'undo') return run.kind === 'start-service';
  return plan?.steps.some((step) => step.id === run.stepId && step.down) === true;
}

function goDown(downtime: Downtime, atMs: number): Downtime {
  return downtime.sinceMs === undefined ? { ...downtime, sinceMs: atMs } : downtime;
}

function comeUp(downtime: Downtime, atMs: number): Downtime {
  if (downtime.sinceMs === undefined) return downtime;
  return { sinceMs: undefined, totalMs: downtime.totalMs + (atMs - downtime.sinceMs) };
}
