import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ResultOf } from '#shared/contracts/steps/step-types.js';
import type { Common } from './migration-state.js';
import { resultOf } from './step-runs.js';

/** What a step answered, as far as it did: a person may have resolved it without an answer. */
export function answerOf<K extends StepKind>(
  state: Pick<Common, 'runs'>,
  kind: K,
  stepId: string = kind,
): Partial<ResultOf<K>> | undefined {
  return resultOf(state, stepId) as Partial<ResultOf<K>> | undefined;
}
