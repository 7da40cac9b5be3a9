import type { Failure } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { decideRetry, type RetryPolicy } from './retry-policy.js';

/** How one attempt ended. */
export type Outcome =
  | { readonly status: 'succeeded'; readonly result: JsonObject; readonly alreadyDone: boolean }
  | { readonly status: 'undone'; readonly result: JsonObject }
  | { readonly status: 'retry'; readonly failure: Failure; readonly afterMs: number }
  | { readonly status: 'failed'; readonly failure: Failure }
  | { readonly status: 'needs-decision'; readonly failure: Failure }
  | { readonly status: 'cancelled'; readonly reason: string }
  /** Given back at shutdown: the next owner begins at once. */
  | { readonly status: 'released' }
  /** Another executor owns it: nothing may be written. */
  | { readonly status: 'lost' };

export interface AttemptFacts {
  readonly attempt: number;
  /** Until the deadline. */
  readonly remainingMs: number;
  /** 0 to 1, for the jitter. */
  readonly chance: number;
  /** Takes every secret out of a text or a fact. */
  readonly redact: (failure: Failure) => Failure;
  readonly policy?: RetryPolicy;
}

/**
 * What an error means for its attempt. When the attempt was aborted, the reason of the abort decides and not
 * the error that came of it: a cancelled pg_dump also "fails".
 */
export function outcomeOfError(thrown: unknown, signal: AbortSignal, facts: AttemptFacts): Outcome {
  const error = toRehomeError(signal.aborted ? signal.reason : thrown);
  const failure = facts.redact(error.toFailure());
  switch (error.code) {
    case 'LEASE_LOST':
      return { status: 'lost' };
    case 'EXECUTOR_STOPPING':
      return { status: 'released' };
    case 'STEP_CANCELLED':
      return { status: 'cancelled', reason: failure.detail };
    case 'STEP_IRREVERSIBLE':
      return { status: 'failed', failure };
    default:
  }
  if (error.disposition === 'halt') return { status: 'needs-decision', failure };
  const decision = decideRetry(error, facts.attempt, facts.remainingMs, facts.chance, facts.policy);
  return decision.retry ? { status: 'retry', failure, afterMs: decision.afterMs } : { status: 'failed', failure };
}
