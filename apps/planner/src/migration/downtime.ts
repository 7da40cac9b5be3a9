import type { LedgerEvent, StepRunKey } from '#shared/contracts/events.js';
import type { Plan } from '#shared/contracts/plan.js';
import type { Downtime } from './migration-state.js';

export const NO_DOWNTIME: Downtime = { sinceMs: undefined, totalMs: 0 };

/**
 * Counts the time without the application, or, where the plan holds none, without a database that it could write to: from
 * the first start of a step that is down to the end of the last of them, or to the undo of the first. A person may have
 * found that end. The undo of a start takes the application down again.
 */
export function countDowntime(downtime: Downtime, event: LedgerEvent, plan: Plan | undefined): Downtime {
  const atMs = Date.parse(event.recordedAt);
  switch (event.type) {
    case 'StepStarted':
      return takesDown(event.data, plan) ? goDown(downtime, atMs) : downtime;
    case 'StepSucceeded':
    case 'StepUndone':
      return bringsUp(event.data, plan) ? comeUp(downtime, atMs) : downtime;
    case 'StepResolved':
      return event.data.outcome === 'done' && bringsUp(event.data, plan) ? comeUp(downtime, atMs) : downtime;
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

function bringsUp({ stepId, direction }: Pick<StepRunKey, 'stepId' | 'direction'>, plan: Plan | undefined): boolean {
  const down = plan?.steps.filter((step) => step.down) ?? [];
  return down.at(direction === 'undo' ? 0 : -1)?.id === stepId;
}

function goDown(downtime: Downtime, atMs: number): Downtime {
  return downtime.sinceMs === undefined ? { ...downtime, sinceMs: atMs } : downtime;
}

function comeUp(downtime: Downtime, atMs: number): Downtime {
  if (downtime.sinceMs === undefined) return downtime;
  return { sinceMs: undefined, totalMs: downtime.totalMs + (atMs - downtime.sinceMs) };
}
