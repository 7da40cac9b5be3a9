import { toStepId } from '#shared/contracts/ids.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { PlannedStep } from '#shared/contracts/plan.js';
import { STEP_VERSIONS, asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { InspectCommand } from '../planning/recipe.js';
import { event, type DraftOf } from './decision.js';
import { DESCRIBE_STEP, INSPECT_STEP, type Common, type PlannedFacts, type StepRun } from './migration-state.js';
import { latestRun, resultOf } from './step-runs.js';

type Command = DraftOf<'StepCommanded'>;

const DESCRIBE_TIMEOUT_MS = 120_000;

/** Facts are read again each time: what an earlier inspection saw may be gone. */
export function commandInspection(state: Common, command: InspectCommand): Command {
  const { migrationId } = state.request;
  const generation = (latestRun(state, INSPECT_STEP)?.key.generation ?? 0) + 1;
  return event('StepCommanded', {
    migrationId,
    stepId: INSPECT_STEP,
    direction: 'run',
    generation,
    version: STEP_VERSIONS[command.kind],
    ...command,
  });
}

export function commandDescription(state: Common, { plan, planHash }: PlannedFacts): Command {
  return event('StepCommanded', {
    migrationId: state.request.migrationId,
    stepId: DESCRIBE_STEP,
    direction: 'run',
    generation: 1,
    kind: 'describe-plan',
    version: STEP_VERSIONS['describe-plan'],
    params: asJsonObject({ plan }),
    timeoutMs: DESCRIBE_TIMEOUT_MS,
    planHash,
  });
}

export function commandStep(state: Common, { planHash }: PlannedFacts, step: PlannedStep, params: JsonObject): Command {
  return event('StepCommanded', {
    migrationId: state.request.migrationId,
    stepId: toStepId(step.id),
    direction: 'run',
    generation: 1,
    kind: step.kind,
    version: step.version,
    params,
    timeoutMs: step.timeoutMs,
    ...(step.site === undefined ? {} : { site: step.site }),
    planHash,
  });
}

/** Takes back what a run did: the same params, and its result when it had one. */
export function commandUndo(state: Common, { planHash }: PlannedFacts, run: StepRun): Command {
  const result = resultOf(state, run.key.stepId);
  return event('StepCommanded', {
    ...run.key,
    direction: 'undo',
    generation: 1,
    kind: run.kind,
    version: run.version,
    params: run.params,
    timeoutMs: run.timeoutMs,
    ...(run.site === undefined ? {} : { site: run.site }),
    planHash,
    ...(result === undefined ? {} : { result }),
  });
}

/** The same command once more, as a new generation. */
export function commandRetry(run: StepRun, planned: PlannedFacts | undefined): Command {
  return event('StepCommanded', {
    ...run.key,
    generation: run.key.generation + 1,
    kind: run.kind,
    version: run.version,
    params: run.params,
    timeoutMs: run.timeoutMs,
    ...(run.site === undefined ? {} : { site: run.site }),
    ...(planned === undefined ? {} : { planHash: planned.planHash }),
    ...(run.resultOfRun === undefined ? {} : { result: run.resultOfRun }),
  });
}

export function commandCancel(run: StepRun, reason: string): DraftOf<'StepCancelCommanded'> {
  return event('StepCancelCommanded', { ...run.key, reason });
}
