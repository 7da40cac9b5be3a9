import type { Plan } from '#shared/contracts/plan.js';

/** Nothing to do: `describe-plan` of it is the step that does next to nothing. */
export const EMPTY_PLAN = {
  planVersion: 1,
  kind: 'upgrade',
  recipeVersion: 1,
  title: 'nothing',
  steps: [],
  reservations: [],
  checks: [],
  warnings: [],
  outcome: {},
} as const satisfies Plan;
