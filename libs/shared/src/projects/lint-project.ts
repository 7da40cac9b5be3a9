import { lintAll } from './lint/lint.js';
import type { LoadedProject } from './load-project.js';
import type { LintFinding } from './migration-file.js';

/** What the linter has against the migrations of a project, in their order. */
export function lintProject({
  definition,
  migrations,
}: Pick<LoadedProject, 'definition' | 'migrations'>): LintFinding[] {
  const lockTimeoutSet = definition.databases.every(({ settings }) => settings['lock_timeout'] !== undefined);
  return lintAll(migrations, { lockTimeoutSet });
}

/** Findings for which a push is refused. */
export function refusingFindings(
  { definition }: Pick<LoadedProject, 'definition'>,
  findings: readonly LintFinding[],
): LintFinding[] {
  return definition.lint === 'error' ? findings.filter(({ advice }) => advice !== true) : [];
}
