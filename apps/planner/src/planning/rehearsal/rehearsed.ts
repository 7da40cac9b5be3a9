import type { RehearsalOutcome } from '../outcome.js';
import type { UnplacedStep } from '../recipe.js';

/** What is carried out in place of a plan, and what can be said of the plan by it. */
export interface Rehearsed {
  readonly steps: readonly UnplacedStep[];
  readonly warnings: readonly string[];
  readonly outcome: RehearsalOutcome;
}
