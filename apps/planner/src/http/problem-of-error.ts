import { HttpException } from '@nestjs/common';
import { problemOf, type Problem } from '#shared/contracts/problem.js';
import { ERROR_CODES, type ErrorCode } from '#shared/errors/error-codes.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { RequestRefused } from './request-refused.js';

interface Occurrence {
  readonly path: string;
  readonly requestId: string;
}

interface FrameworkFailure {
  readonly code: ErrorCode;
  readonly status: number;
  readonly detail: string;
}

/** Not the error's own words: they name addresses. */
const LEDGER_AWAY = 'the ledger does not answer; ask again soon, with the same Idempotency-Key where there was one';

/** Any thrown value as the problem that is answered. What is not ours is told in our words, never in a library's. */
export function problemOfError(error: unknown, { path, requestId }: Occurrence): Problem {
  const common = { instance: path, requestId };
  if (error instanceof RequestRefused) {
    return problemOf({ ...common, code: error.code, detail: error.message, errors: error.errors, links: error.links });
  }
  if (error instanceof RehomeError && error.code === 'LEDGER_UNAVAILABLE')
    return problemOf({ ...common, code: error.code, detail: LEDGER_AWAY });
  if (error instanceof RehomeError && error.code !== 'INTERNAL')
    return problemOf({ ...common, code: error.code, detail: error.message });
  const framework = frameworkFailure(error, path);
  if (framework !== undefined) return problemOf({ ...common, ...framework });
  return problemOf({
    ...common,
    code: 'INTERNAL',
    detail: `the planner could not answer; its log tells why under request ${requestId}`,
  });
}

/** What Fastify and Nest throw before a handler of ours runs: unreadable bodies, unknown routes. */
function frameworkFailure(error: unknown, path: string): FrameworkFailure | undefined {
  const status = statusOf(error);
  if (status === undefined || status < 400 || status > 499) return undefined;
  if (status === 404) return { code: 'NOT_FOUND', status, detail: `there is no ${path} here; /docs lists every call` };
  if (status === 413) return { code: 'REQUEST_TOO_LARGE', status, detail: 'the body is larger than the planner takes' };
  if (status === 415) return { code: 'REQUEST_UNREADABLE', status, detail: 'send the body as application/json' };
  return {
    code: 'REQUEST_UNREADABLE',
    status,
    detail: 'the request cannot be read: is the body well-formed JSON in UTF-8?',
  };
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** Headers that go with a problem. */
export function problemHeaders(problem: Problem): Readonly<Record<string, string>> {
  if (problem.status === 401) return { 'www-authenticate': 'Bearer realm="rehome"' };
  // A short time: whoever waits for the ledger to come back should see it soon.
  if (problem.status === ERROR_CODES.LEDGER_UNAVAILABLE.status) return { 'retry-after': '2' };
  return {};
}
