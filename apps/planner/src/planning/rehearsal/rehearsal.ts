import type { Plan } from '#shared/contracts/plan.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { inSequence, type Compiled, type RecipeRequest } from '../recipe.js';
import { readOptions } from '../request-options.js';
import { rehearsedMove } from './rehearsed-move.js';
import { rehearsedWork } from './rehearsed-work.js';

/**
 * The plan on copies: only what copies, what works on copies and what reads. No service, no file, no record and no database
 * that anybody uses is touched; what was made is undone at the end (docs/adr/0025).
 */
export function rehearsalOf(plan: Plan, { request, subject }: RecipeRequest): Compiled {
  const { maxDowntimeMs } = readOptions(request);
  const rehearsed = rehearsedMove(plan) ?? rehearsedWork(plan);
  if (rehearsed === undefined) {
    const detail = 'nothing of this request can be done on a copy, so there is nothing to rehearse';
    const reason = { code: 'OPTION_UNSUPPORTED', detail: `${detail}; leave options.rehearse out` } as const;
    return { outcome: 'refused', reasons: [reason], checks: plan.checks };
  }
  return {
    outcome: 'plan',
    plan: {
      planVersion: 1,
      kind: plan.kind,
      recipeVersion: plan.recipeVersion,
      title: plan.title,
      steps: inSequence(rehearsed.steps),
      // The database itself goes on being used, by others too. What only reads holds nothing.
      reservations: subject === undefined || plan.reservations.length === 0 ? [] : [subject],
      checks: plan.checks,
      warnings: [...plan.warnings, ...rehearsed.warnings],
      outcome: asJsonObject({ ...rehearsed.outcome, ...(maxDowntimeMs === undefined ? {} : { maxDowntimeMs }) }),
    },
  };
}
