import type { LintFinding } from '#shared/projects/migration-file.js';

/** Where, which rule and why, and below it how to do it instead. */
export function findingLines(findings: readonly LintFinding[]): string[] {
  return findings.flatMap(({ path, line, rule, reason, safeWay, advice }) => [
    `  ${path}:${String(line)}  ${rule}${advice === true ? ' (advice)' : ''}: ${reason}`,
    `      instead: ${safeWay}`,
  ]);
}
