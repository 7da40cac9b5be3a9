import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { RehomeError } from '../errors/rehome-error.js';

/** Key of the advisory lock that set-ups of a cluster take, in the database they connect to first. */
const SET_UP_LOCK = 7_236_463;

/**
 * Holds an advisory lock of the session while `work` runs. Polled, never waited for: a waiting lock holds a
 * snapshot, and `create index concurrently` elsewhere would deadlock with it (messaging.md, killed clients).
 *
 * @throws RehomeError POSTGRES_TRANSIENT when the lock is not free within `timeoutMs`.
 */
export async function withPolledLock<T>(client: pg.Client, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + timeoutMs;
  while (!(await tryLock(client))) {
    if (Date.now() > until) {
      throw new RehomeError(
        'POSTGRES_TRANSIENT',
        `another set-up holds the lock for more than ${String(timeoutMs)} ms`,
      );
    }
    await delay(50);
  }
  try {
    return await work();
  } finally {
    await client.query('select pg_advisory_unlock($1)', [SET_UP_LOCK]);
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [SET_UP_LOCK]);
  return rows[0]?.locked === true;
}
