import pRetry from 'p-retry';
import { ScriptError } from './script-error.js';

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

export interface LockRetries {
  /** Ends the tries: the deadline of the step, or a failure elsewhere. */
  readonly signal: AbortSignal;
  /** Before each further try. */
  readonly waited: (error: ScriptError) => void;
}

type Tried<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/**
 * Tries `work`, one whole transaction or statement, again while locks are in its way, with back-off of which a part is
 * random. A short wait that is repeated lets the application through in between: readers queue behind a statement that
 * waits for an exclusive lock.
 */
export async function retryLocks<T>(work: () => Promise<T>, { signal, waited }: LockRetries): Promise<T> {
  const tried = await pRetry((): Promise<Tried<T>> => work().then(succeeded, failedForGood), {
    retries: Infinity,
    minTimeout: FIRST_DELAY_MS,
    maxTimeout: MAX_DELAY_MS,
    randomize: true,
    signal,
    onFailedAttempt: ({ error }) => {
      if (error instanceof ScriptError) waited(error);
    },
  });
  if (!tried.ok) throw tried.error;
  return tried.value;
}

function succeeded<T>(value: T): Tried<T> {
  return { ok: true, value };
}

function failedForGood(error: unknown): Tried<never> {
  if (error instanceof ScriptError && error.isLockWait) throw error;
  return { ok: false, error };
}
