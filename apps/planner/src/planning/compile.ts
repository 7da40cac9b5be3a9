import type { JsonObject } from '#shared/contracts/json.js';
import { checkPlan } from './check-plan.js';
import type { Compiled, Recipe, RecipeRequest } from './recipe.js';
import { rehearsalOf } from './rehearsal/rehearsal.js';
import { readOptions } from './request-options.js';

/** An event holds 256 KiB at most; what stands around the plan in it, and its escapes, need room too. */
const LARGEST_PLAN_BYTES = 224 * 1024;

/** Compiles and checks the result: a plan with a gap is never given out, whichever recipe wrote it. */
export function compile(recipe: Recipe, request: RecipeRequest, facts: JsonObject | undefined): Compiled {
  // What an executor cannot tell in an event it keeps beside the ledger, where no recipe reads it.
  if (facts?.['evidence'] !== undefined) return tooLarge('what the inspection found');
  const compiled = asked(recipe.compile(request, facts), request);
  if (compiled.outcome === 'refused') return compiled;
  const { plan } = compiled;
  const problems = checkPlan(plan);
  if (problems.length > 0) {
    const reasons = problems.map(
      (detail) => ({ code: 'INTERNAL', detail: `recipe ${recipe.kind}: ${detail}` }) as const,
    );
    return { outcome: 'refused', reasons, checks: plan.checks };
  }
  return Buffer.byteLength(JSON.stringify(plan)) > LARGEST_PLAN_BYTES ? tooLarge('the plan') : compiled;
}

function tooLarge(what: string): Compiled {
  const detail =
    `${what} is larger than the 256 KiB of an event; ask for less at once: of a project for versions up to an earlier one ` +
    `("to"), or for some of its databases with the others under "leaveOut", then for the rest`;
  return { outcome: 'refused', reasons: [{ code: 'PREFLIGHT_FAILED', detail }], checks: [] };
}

/** The plan itself, or the same on copies. */
function asked(compiled: Compiled, request: RecipeRequest): Compiled {
  if (compiled.outcome === 'refused' || !readOptions(request.request).rehearse) return compiled;
  return rehearsalOf(compiled.plan, request);
}
