import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 500;

/** Calls `look` twice a second while `work` runs. A look that fails fails nothing: the work itself tells what is wrong. */
export async function lookWhile<T>(work: () => Promise<T>, look: () => Promise<void>): Promise<T> {
  const ended = new AbortController();
  const looking = keepLooking(look, ended.signal);
  try {
    return await work();
  } finally {
    ended.abort();
    await looking;
  }
}

async function keepLooking(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await look().catch(() => undefined);
    // The work holds the process, not the looking.
    await delay(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
