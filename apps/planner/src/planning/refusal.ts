import type { Failure } from '#shared/contracts/events.js';
import { failedChecks, type PreflightCheck } from '#shared/contracts/preflight.js';
import type { Compiled } from './recipe.js';

/** One reason per check that stands in the way: all of them at once, each with what to do. */
export function refuseForChecks(checks: readonly PreflightCheck[]): Compiled {
  return { outcome: 'refused', reasons: failedChecks(checks).map(reasonOf), checks };
}

export function reasonOf(check: PreflightCheck): Failure {
  const remedy = check.remedy === undefined ? '' : `; ${check.remedy}`;
  return { code: 'PREFLIGHT_FAILED', detail: `${check.name}: ${check.found}${remedy}`, facts: { check: check.name } };
}
