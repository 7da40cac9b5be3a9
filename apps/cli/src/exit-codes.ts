import type { PlannerError } from '#client/planner-error.js';

/** What a script may rely on; docs/reference/cli.md tells the same. */
export const EXIT = {
  done: 0,
  failed: 1,
  changesPending: 2,
  waitsForApproval: 3,
  notAllowed: 4,
  checkFailed: 5,
  conflict: 6,
  unreachable: 7,
  takenBack: 8,
  usage: 64,
  timeout: 124,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** How a migration that does not go on by itself ends a command that waited for it. */
export function exitOfStatus(status: string): ExitCode {
  switch (status) {
    case 'completed':
      return EXIT.done;
    case 'awaiting-approval':
      return EXIT.waitsForApproval;
    case 'refused':
      return EXIT.checkFailed;
    case 'rolled-back':
    case 'cancelled':
      return EXIT.takenBack;
    default:
      return EXIT.failed;
  }
}

export function exitOfPlannerError({ status, code }: PlannerError): ExitCode {
  if (code === 'UNREACHABLE' || [502, 503, 504].includes(status)) return EXIT.unreachable;
  if (code === 'ANSWER_UNREADABLE') return status === 0 ? EXIT.usage : EXIT.unreachable;
  if (status === 401 || status === 403) return EXIT.notAllowed;
  if (status === 409) return EXIT.conflict;
  if (status === 400 || status === 413 || status === 422) return EXIT.usage;
  return EXIT.failed;
}
