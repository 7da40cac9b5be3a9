import { lintAll } from './lint/lint.js';
import type { LoadedProject } from './load-project.js';
import type { LintFinding } from './migration-file.js';

/** What the linter has against the migrations of a project, in their order. */
export function lintProject({ migrations }: Pick<LoadedProject, 'migrations'>): LintFinding[] {
  return lintAll(migrations);
}

/** Findings for which a push is refused: dangers, where the project says `lint: error`. */
export function refusingFindings(
  { definition }: Pick<LoadedProject, 'definition'>,
  findings: readonly LintFinding[],
): LintFinding[] {
  return definition.lint === 'error' ? findings.filter(({ advice }) => advice !== true) : [];
}
