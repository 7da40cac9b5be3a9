import type { FieldProblem } from '#shared/contracts/problem.js';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { RehomeError } from '#shared/errors/rehome-error.js';

export interface RefusalFacts {
  readonly errors?: readonly FieldProblem[];
  readonly links?: Readonly<Record<string, string>>;
}

/** A request is answered with a problem: which fields, and where to go on. */
export class RequestRefused extends RehomeError {
  readonly errors: readonly FieldProblem[] | undefined;
  readonly links: Readonly<Record<string, string>> | undefined;

  constructor(code: ErrorCode, detail: string, facts: RefusalFacts = {}) {
    super(code, detail, facts.errors === undefined ? {} : { facts: { errors: facts.errors.map((e) => ({ ...e })) } });
    this.errors = facts.errors;
    this.links = facts.links;
  }
}

/** For a body or parameters that do not have their shape: every problem, and the first ones in the sentence. */
export function invalidRequest(problems: readonly FieldProblem[], code: ErrorCode = 'REQUEST_INVALID'): RequestRefused {
  const told = problems
    .slice(0, 3)
    .map(({ pointer, message }) => `${pointer === '' ? 'the body' : pointer} ${message}`);
  const more = problems.length > 3 ? `; and ${String(problems.length - 3)} more` : '';
  return new RequestRefused(code, `${told.join('; ')}${more}`, { errors: problems });
}
