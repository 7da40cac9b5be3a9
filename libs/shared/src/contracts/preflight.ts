/** `error` refuses the plan, `warning` is shown and goes on, `info` is evidence. */
export type CheckSeverity = 'error' | 'warning' | 'info';

/** One judged fact: what was looked at, what was found and what to do. All are reported at once. */
export interface PreflightCheck {
  /** Kebab-case, stable: `source-privileges`, `disk-headroom`. */
  readonly name: string;
  readonly severity: CheckSeverity;
  readonly passed: boolean;
  readonly found: string;
  /** What to do when it did not pass, with the exact statement where there is one. */
  readonly remedy?: string;
}

/** The checks that stand in the way of a plan. */
export function failedChecks(checks: readonly PreflightCheck[]): PreflightCheck[] {
  return checks.filter((check) => check.severity === 'error' && !check.passed);
}
