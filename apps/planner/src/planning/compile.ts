import type { JsonObject } from '#shared/contracts/json.js';
import { checkPlan } from './check-plan.js';
import type { Compiled, Recipe, RecipeRequest } from './recipe.js';
import { rehearsalOf } from './rehearsal/rehearsal.js';
import { readOptions } from './request-options.js';

/** Compiles and checks the result: a plan with a gap is never given out, whichever recipe wrote it. */
export function compile(recipe: Recipe, request: RecipeRequest, facts: JsonObject | undefined): Compiled {
  const compiled = asked(recipe.compile(request, facts), request);
  if (compiled.outcome === 'refused') return compiled;
  const problems = checkPlan(compiled.plan);
  if (problems.length === 0) return compiled;
  return {
    outcome: 'refused',
    reasons: problems.map((detail) => ({ code: 'INTERNAL', detail: `recipe ${recipe.kind}: ${detail}` })),
    checks: compiled.plan.checks,
  };
}

/** The plan itself, or the same on copies. */
function asked(compiled: Compiled, request: RecipeRequest): Compiled {
  if (compiled.outcome === 'refused' || !readOptions(request.request).rehearse) return compiled;
  return rehearsalOf(compiled.plan, request);
}
