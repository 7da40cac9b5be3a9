import type { Failure } from '#shared/contracts/events.js';
import type { PlannedStep } from '#shared/contracts/plan.js';
import { commandRetry, commandUndo } from './commands.js';
import { event, failure, NOTHING, type Decision } from './decision.js';
import { endStopped } from './decide-stop.js';
import type { Leftover, StateOf, StepRun } from './migration-state.js';
import { isInFlight, latestRun } from './step-runs.js';

type Compensating = StateOf<'compensating'>;

/** Undoes one step after the other in the order that was decided, and ends when there is none left. */
export function decideCompensation(state: Compensating): Decision {
  for (const step of stepsToUndo(state)) {
    const undo = latestRun(state, step.id, 'undo');
    const run = latestRun(state, step.id);
    if (run === undefined) continue;
    if (undo === undefined) return { events: [commandUndo(state, state.planned, run)] };
    if (isInFlight(undo)) return NOTHING;
    if (undo.progress.status === 'retry-requested') return { events: [commandRetry(undo, state.planned)] };
    const halt = haltAfterUndo(state, step, undo);
    if (halt !== undefined) return halt;
  }
  return endStopped(state, state.compensation.because, leftoversOf(state));
}

function stepsToUndo({ compensation, planned }: Compensating): PlannedStep[] {
  return compensation.stepIds.flatMap((id) => planned.plan.steps.filter((step) => step.id === id));
}

function haltAfterUndo(state: Compensating, step: PlannedStep, undo: StepRun): Decision | undefined {
  const { migrationId } = state.request;
  if (undo.progress.status === 'undone') {
    if (step.pointOfNoReturn !== 'commanded' || undo.progress.result['targetUnchanged'] === true) return undefined;
    const written = failure(
      'POINT_OF_NO_RETURN_PASSED',
      'the application wrote to the target before it could be taken back, so it was started there again; the source ' +
        'is fenced and kept: make the application run on the target, and see docs/operations.md, "When it halts"',
    );
    return {
      events: [
        event('PointOfNoReturnPassed', { migrationId, stepId: step.id, because: 'target-written' }),
        event('MigrationHalted', { migrationId, at: step.id, because: written }),
      ],
    };
  }
  // A clean-up that fails leaves something behind; only what keeps the application down stops for a person.
  if (!step.restoresService) return undefined;
  return { events: [event('MigrationHalted', { migrationId, at: step.id, because: undoFailure(undo) })] };
}

/** Clean-ups that failed and stay for a person. */
function leftoversOf(state: Compensating): Leftover[] {
  return stepsToUndo(state).flatMap((step) => {
    const undo = latestRun(state, step.id, 'undo');
    if (undo === undefined || undo.progress.status === 'undone') return [];
    return [{ stepId: step.id, failure: undoFailure(undo) }];
  });
}

function undoFailure({ key, progress }: StepRun): Failure {
  if (progress.status === 'failed' || progress.status === 'needs-decision') return progress.failure;
  return failure('STEP_CANCELLED', `the undo of ${key.stepId} was cancelled`);
}
