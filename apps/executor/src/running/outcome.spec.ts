import { describe, expect, it } from '@jest/globals';
import type { Failure } from '#shared/contracts/events.js';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { outcomeOfError } from './outcome.js';

const facts = { attempt: 1, remainingMs: 60_000, chance: 1, redact: (failure: Failure) => failure };
const going = new AbortController().signal;
const failing = new RehomeError('TOOL_FAILED', 'pg_dump ended with 1');

function aborted(code: ErrorCode): AbortSignal {
  return AbortSignal.abort(new RehomeError(code, 'because'));
}

describe('what an error means for its attempt', () => {
  it.each([
    ['POSTGRES_UNREACHABLE', 'retry'],
    ['VERIFICATION_FAILED', 'failed'],
    ['COMMAND_INVALID', 'failed'],
    ['STEP_STATE_UNKNOWN', 'needs-decision'],
    ['STEP_IRREVERSIBLE', 'failed'],
  ] as const)('%s ends it as %s', (code, status) => {
    expect(outcomeOfError(new RehomeError(code, 'why'), going, facts).status).toBe(status);
  });

  it.each([
    ['STEP_CANCELLED', 'cancelled'],
    ['EXECUTOR_STOPPING', 'released'],
    ['LEASE_LOST', 'lost'],
    ['STEP_TIMED_OUT', 'failed'],
  ] as const)('an abort by %s decides, not the error that came of it: %s', (code, status) => {
    expect(outcomeOfError(failing, aborted(code), facts).status).toBe(status);
  });

  it('calls what nobody classified INTERNAL and does not repeat it', () => {
    const outcome = outcomeOfError(new TypeError('x is not a function'), going, facts);
    expect(outcome).toEqual({ status: 'failed', failure: { code: 'INTERNAL', detail: 'x is not a function' } });
  });

  it('writes no failure that was not redacted', () => {
    const redact = (failure: Failure): Failure => ({
      ...failure,
      detail: failure.detail.replace('hunter2', '[redacted]'),
    });
    const outcome = outcomeOfError(new Error('login hunter2 refused'), going, { ...facts, redact });
    expect(outcome).toMatchObject({ failure: { detail: 'login [redacted] refused' } });
  });
});
