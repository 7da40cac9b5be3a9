import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf, ResultOf } from '#shared/contracts/steps/step-types.js';
import type { ConformanceWorld } from './conformance-world.js';

/** Results of the steps that have run, for those that follow. */
export type Results = { [K in StepKind]?: ResultOf<K> };

export interface ConformanceCase<K extends StepKind> {
  readonly kind: K;
  readonly params: (world: ConformanceWorld, results: Results) => ParamsOf<K>;
  /** Where the process dies, after the effect or in the middle of it. */
  readonly diesAt: string;
  /** Its effects live in what this step made: undoing that one takes them back. */
  readonly undoneWith?: StepKind;
  /** Its undo leaves something on purpose; undoing again leaves the same. */
  readonly leaves?: string;
  /** What must be true of the world then, besides the step's own verify. */
  readonly holds?: (world: ConformanceWorld, result: ResultOf<K>) => Promise<void>;
}
