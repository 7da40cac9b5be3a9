import type { RehomeError } from '#shared/errors/rehome-error.js';

export interface RetryPolicy {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

const RETRY_POLICY: RetryPolicy = { firstDelayMs: 500, maxDelayMs: 60_000 };

export type RetryDecision = { readonly retry: true; readonly afterMs: number } | { readonly retry: false };

/**
 * Whether an attempt that failed is made again: only for codes whose disposition is `retry`, not more often than the
 * code allows, and only when the next one would begin within the deadline. Doubles from the first delay to the greatest; the upper half
 * of each delay is random (`chance`, 0 to 1), so that many executors do not come back at once.
 */
export function decideRetry(
  error: RehomeError,
  attempt: number,
  remainingMs: number,
  chance: number,
  policy: RetryPolicy = RETRY_POLICY,
): RetryDecision {
  if (error.disposition !== 'retry' || attempt >= error.maxAttempts) return { retry: false };
  const full = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.min(attempt - 1, 30));
  const afterMs = Math.round(full / 2 + (full / 2) * chance);
  return afterMs < remainingMs ? { retry: true, afterMs } : { retry: false };
}
