import type { CheckSeverity, PreflightCheck } from '#shared/contracts/preflight.js';

/** What a check found to be wrong, with what to do about it. */
export interface Objection {
  readonly found: string;
  readonly remedy: string;
}

/** A check passes when there is no objection; `fine` is what it found then. */
export function judge(
  name: string,
  severity: CheckSeverity,
  fine: string,
  objection: Objection | undefined,
): PreflightCheck {
  return objection === undefined
    ? { name, severity, passed: true, found: fine }
    : { name, severity, passed: false, ...objection };
}

/** `a, b and 3 more`. */
export function listed(names: readonly string[], limit = 5): string {
  const shown = names.slice(0, limit).join(', ');
  return names.length > limit ? `${shown} and ${String(names.length - limit)} more` : shown;
}
