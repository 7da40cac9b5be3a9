import type { ValidationCategory } from '#shared/contracts/projects.js';
import type { CheckOutcome } from '#shared/contracts/steps/project-steps.js';
import type { Session } from '../postgres/session.js';
import { BUILT_IN_CHECKS } from './built-in-checks.js';
import type { ValidationSubject } from './check.js';
import { checkStructure, STRUCTURE_CHECKS } from './check-structure.js';
import { runCheck, runProjectCheck } from './run-check.js';

/**
 * Judges the session's database by every check of the categories. A check of the project's takes the place of the
 * built-in one of its name. Changes nothing.
 *
 * @param told after each check, of how many
 * @throws RehomeError POSTGRES_… when the connection is lost; a check that fails for another reason is a failed check
 */
export async function validateDatabase(
  session: Session,
  subject: ValidationSubject,
  categories: readonly ValidationCategory[],
  told: (done: number, total: number) => void = () => undefined,
): Promise<CheckOutcome[]> {
  const wanted = <C extends { readonly category: ValidationCategory }>(checks: readonly C[]): C[] =>
    checks.filter(({ category }) => categories.includes(category));
  const own = wanted(subject.checks);
  const overridden = new Set(subject.checks.map(({ name }) => name));
  const builtIn = wanted(BUILT_IN_CHECKS).filter(({ name }) => !overridden.has(name));
  const outcomes: CheckOutcome[] = [];
  const structure = wanted(STRUCTURE_CHECKS).filter(({ name }) => !overridden.has(name));
  const total = builtIn.length + own.length + structure.length;
  if (structure.length > 0) outcomes.push(...(await checkStructure(session, structure)));
  for (const check of builtIn) {
    outcomes.push(await runCheck(session, check, subject));
    told(outcomes.length, total);
  }
  for (const check of own) {
    outcomes.push(await runProjectCheck(session, check, subject));
    told(outcomes.length, total);
  }
  return outcomes.sort((left, right) => categories.indexOf(left.category) - categories.indexOf(right.category));
}
