import type { Plan, StepDescription } from '../plan.js';

/** Answers a dry run: what each step of the plan would say to which server. Changes nothing. */
export interface DescribePlanParams {
  readonly plan: Plan;
}

export interface DescribePlanResult {
  readonly steps: readonly StepDescription[];
}
