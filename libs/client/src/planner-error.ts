import type { FieldProblem, Problem } from '#shared/contracts/problem.js';
import type { ErrorCode } from '#shared/errors/error-codes.js';

/** `UNREACHABLE`: nobody answered. `ANSWER_UNREADABLE`: whoever answered is no planner, such as a proxy. */
export type PlannerErrorCode = ErrorCode | 'UNREACHABLE' | 'ANSWER_UNREADABLE';

export interface PlannerErrorFacts {
  readonly code: PlannerErrorCode;
  /** What, where and what to do. */
  readonly detail: string;
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  readonly errors?: readonly FieldProblem[];
  readonly links?: Readonly<Record<string, string>>;
  readonly requestId?: string;
  readonly cause?: unknown;
}

/** Everything that can go wrong with a call: an answer of 400 and above, or none at all. */
export class PlannerError extends Error {
  readonly code: PlannerErrorCode;
  readonly status: number;
  /** What is wrong with which field of the request. */
  readonly errors: readonly FieldProblem[];
  readonly links: Readonly<Record<string, string>>;
  /** Stands in the planner's log, too. */
  readonly requestId: string | undefined;

  constructor(facts: PlannerErrorFacts) {
    super(facts.detail, facts.cause === undefined ? {} : { cause: facts.cause });
    this.name = 'PlannerError';
    this.code = facts.code;
    this.status = facts.status;
    this.errors = facts.errors ?? [];
    this.links = facts.links ?? {};
    this.requestId = facts.requestId;
  }

  /** The same call may succeed later: nobody answered, or the planner says that it cannot just now. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The parser of `application/problem+json`; anything else is told with its status. */
export function problemError(status: number, text: string, at: string): PlannerError {
  const problem = parsedProblem(text);
  if (problem === undefined) {
    return new PlannerError({
      code: 'ANSWER_UNREADABLE',
      status,
      detail: `${at} answered ${String(status)} without a problem in it; is this the planner's address?`,
    });
  }
  const { code, detail, errors, links, requestId } = problem;
  return new PlannerError({
    code,
    status,
    detail,
    ...(errors === undefined ? {} : { errors }),
    ...(links === undefined ? {} : { links }),
    ...(requestId === undefined ? {} : { requestId }),
  });
}

function parsedProblem(text: string): Problem | undefined {
  try {
    const body = JSON.parse(text) as Partial<Problem> | null;
    return typeof body?.code === 'string' && typeof body.detail === 'string' ? (body as Problem) : undefined;
  } catch {
    return undefined;
  }
}
