import { asJsonObject, type StepKind } from '#shared/contracts/steps/step-kinds.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Outcome } from './outcome.js';
import type { Step, StepContext } from './step.js';

/**
 * One try at a step: look, do what is missing, look again. An overdue attempt (its deadline passed while
 * nobody could work) may still find the step done, but starts nothing.
 *
 * @throws what the step threw; STEP_STATE_UNKNOWN when the probe cannot tell.
 */
export async function performRun<K extends StepKind>(
  step: Step<K>,
  context: StepContext<K>,
  overdue: boolean,
): Promise<Outcome> {
  const reach = faultPointsOf(step.kind, context);
  await reach('probe');
  const probe = await step.probe(context);
  if (probe.state === 'unknown') throw new RehomeError('STEP_STATE_UNKNOWN', probe.detail);
  if (probe.state === 'done') {
    await step.verify(context, probe.result);
    return { status: 'succeeded', result: asJsonObject(probe.result), alreadyDone: true };
  }
  if (overdue) throw timedOut();
  await context.lease.check();
  await reach('run.before');
  const result = await step.run(context);
  await reach('run.after');
  context.signal.throwIfAborted();
  await reach('verify.before');
  await step.verify(context, result);
  return { status: 'succeeded', result: asJsonObject(result), alreadyDone: false };
}

/** @throws RehomeError STEP_IRREVERSIBLE with the step's reason when it declares no way back. */
export async function performUndo<K extends StepKind>(step: Step<K>, context: StepContext<K>): Promise<Outcome> {
  if (typeof step.undo !== 'function') {
    throw new RehomeError('STEP_IRREVERSIBLE', `${step.kind} cannot be undone: ${step.undo.irreversibleBecause}`);
  }
  const reach = faultPointsOf(step.kind, context);
  await context.lease.check();
  await reach('undo.before');
  const result = await step.undo(context);
  await reach('undo.after');
  return { status: 'undone', result };
}

export function timedOut(): RehomeError {
  return new RehomeError('STEP_TIMED_OUT', 'the step did not finish within its time; see its failures before this one');
}

function faultPointsOf<K extends StepKind>(kind: K, context: StepContext<K>): (point: string) => Promise<void> {
  return (point) => context.tools.faults.reach(`step.${kind}.${point}`);
}
