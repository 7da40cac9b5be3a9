import type { JsonObject } from '#shared/contracts/json.js';
import { checkPlan } from './check-plan.js';
import type { Compiled, Recipe, RecipeRequest } from './recipe.js';

/** Compiles and checks the result: a plan with a gap is never given out, whichever recipe wrote it. */
export function compile(recipe: Recipe, request: RecipeRequest, facts: JsonObject | undefined): Compiled {
  const compiled = recipe.compile(request, facts);
  if (compiled.outcome === 'refused') return compiled;
  const problems = checkPlan(compiled.plan);
  if (problems.length === 0) return compiled;
  return {
    outcome: 'refused',
    reasons: problems.map((detail) => ({ code: 'INTERNAL', detail: `recipe ${recipe.kind}: ${detail}` })),
    checks: compiled.plan.checks,
  };
}
