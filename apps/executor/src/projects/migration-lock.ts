import { setTimeout as delay } from 'node:timers/promises';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Session } from '../postgres/session.js';

/** Of the advisory locks of a migrated database: `RHMG`, so that an application hardly uses the same by chance. */
const LOCK_CLASS = 0x52_48_4d_47;
const LOCK_KEY = 1;
const POLL_MS = 200;

export interface MigrationLockOptions {
  readonly signal: AbortSignal;
  /** How long to ask for it before the attempt is given back and made again. */
  readonly waitMs?: number;
}

/**
 * Holds the lock of the session's database while `work` runs: two projects, planners or people never migrate one
 * database at once. It is asked for again and again, never waited for: a session that waits holds a snapshot, and
 * `create index concurrently` would wait for it in turn.
 *
 * @throws RehomeError POSTGRES_TRANSIENT that names the holder, when it is not free in time.
 */
export async function withMigrationLock<T>(
  session: Session,
  { signal, waitMs = 10_000 }: MigrationLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const until = performance.now() + waitMs;
  while (!(await tryLock(session))) {
    if (performance.now() > until) throw await lockedBy(session);
    await delay(POLL_MS, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    await session.query('select pg_advisory_unlock($1, $2)', [LOCK_CLASS, LOCK_KEY]).catch(() => undefined);
  }
}

/** Whether somebody migrates the session's database right now: its structure is not what it will be. */
export async function isBeingMigrated(session: Session): Promise<boolean> {
  const { rows } = await session.query(
    `select
       from pg_locks as l
      where l.locktype = 'advisory' and l.classid = $1 and l.objid = $2 and l.granted and l.pid <> pg_backend_pid()
        and l.database = (select oid from pg_database where datname = current_database())`,
    [LOCK_CLASS, LOCK_KEY],
  );
  return rows.length > 0;
}

async function tryLock(session: Session): Promise<boolean> {
  const { rows } = await session.query<{ locked: boolean }>('select pg_try_advisory_lock($1, $2) as locked', [
    LOCK_CLASS,
    LOCK_KEY,
  ]);
  return rows[0]?.locked === true;
}

async function lockedBy(session: Session): Promise<RehomeError> {
  const { rows } = await session.query<{ pid: number; name: string; database: string }>(
    `select a.pid, a.application_name as name, a.datname as database
       from pg_locks as l
       join pg_stat_activity as a on a.pid = l.pid
      where l.locktype = 'advisory' and l.classid = $1 and l.objid = $2 and l.granted
        and l.database = (select oid from pg_database where datname = current_database())`,
    [LOCK_CLASS, LOCK_KEY],
  );
  const holder = rows[0];
  const who = holder === undefined ? 'another session' : `${holder.name} (pid ${String(holder.pid)})`;
  return new RehomeError('POSTGRES_TRANSIENT', `${who} migrates the same database; this attempt waits for its end`);
}
