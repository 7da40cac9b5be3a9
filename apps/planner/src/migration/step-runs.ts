import type { StepDirection } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { PlannedStep } from '#shared/contracts/plan.js';
import type { Common, PlannedFacts, StepRun } from './migration-state.js';

type Runs = Pick<Common, 'runs'>;

/** The run that counts: the one of the highest generation. */
export function latestRun({ runs }: Runs, stepId: string, direction: StepDirection = 'run'): StepRun | undefined {
  return runs.findLast((run) => run.key.stepId === stepId && run.key.direction === direction);
}

/** Result of a step that has succeeded. */
export function resultOf(state: Runs, stepId: string): JsonObject | undefined {
  const progress = latestRun(state, stepId)?.progress;
  return progress?.status === 'succeeded' ? progress.result : undefined;
}

export function hasSucceeded(state: Runs, stepId: string): boolean {
  return resultOf(state, stepId) !== undefined;
}

/** From the command of the first step that is down until the last of them is done: what a pause would prolong. */
export function isDown({ runs, planned }: Pick<Common, 'runs' | 'planned'>): boolean {
  const down = planned?.plan.steps.filter((step) => step.down) ?? [];
  const commanded = down.some((step) => latestRun({ runs }, step.id) !== undefined);
  return commanded && !down.every((step) => hasSucceeded({ runs }, step.id));
}

/** An executor has it, or will: its outcome is still to come. */
export function isInFlight(run: StepRun): boolean {
  const { status } = run.progress;
  return status === 'commanded' || status === 'accepted' || status === 'running' || status === 'retrying';
}

export function runsInFlight({ runs }: Runs, direction: StepDirection): StepRun[] {
  return runs.filter((run) => run.key.direction === direction && isInFlight(run));
}

/** Steps of the plan that may have left something behind, in the order in which they first started. */
export function startedSteps(state: Runs & { readonly planned: PlannedFacts }): PlannedStep[] {
  const first = new Map<string, bigint>();
  for (const { key, startedPosition } of state.runs)
    if (key.direction === 'run' && startedPosition !== undefined && !first.has(key.stepId))
      first.set(key.stepId, startedPosition);
  return state.planned.plan.steps
    .filter((step) => first.has(step.id))
    .sort((one, other) => Number((first.get(one.id) ?? 0n) - (first.get(other.id) ?? 0n)));
}

/**
 * Whether the step that commits to the target was ever commanded: the start of the application, or, where there is none,
 * the one step that passes the point of no return by itself.
 */
export function isCommitted({ runs, planned }: Pick<Common, 'runs' | 'planned'>): boolean {
  const steps = planned?.plan.steps ?? [];
  const starting = steps.filter((step) => step.pointOfNoReturn === 'commanded');
  const committing = starting.length > 0 ? starting : steps.filter((step) => step.pointOfNoReturn === 'passed');
  return committing.some((step) => latestRun({ runs }, step.id) !== undefined);
}
