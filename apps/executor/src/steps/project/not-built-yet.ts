import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { irreversible, type Step } from '../../running/step.js';

/** Stands in while the kinds of issue 5 are written; the last of them takes this file away. */
export function notBuiltYet<K extends StepKind>(kind: K): Step<K> {
  const refuse = (): Promise<never> => Promise.reject(new RehomeError('INTERNAL', `step ${kind} is not built yet`));
  return {
    kind,
    probe: () => Promise.resolve({ state: 'not-started' }),
    run: refuse,
    verify: () => Promise.resolve(),
    undo: irreversible('it is not built yet'),
    describe: () => [],
  };
}
