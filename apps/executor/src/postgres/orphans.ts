import { setTimeout as delay } from 'node:timers/promises';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { parseSessionName, type SessionOwner } from './session-name.js';
import type { Session } from './session.js';

/** A server-side backend that an earlier attempt at the run left behind; it may still be working. */
export interface Orphan {
  readonly pid: number;
  readonly fence: number;
  /** Null while it is in no database. */
  readonly database: string | null;
  readonly state: string;
  readonly query: string;
}

/** Sessions of the run with an older fence than ours, in any database of the server. */
export async function findOrphans(session: Session, owner: SessionOwner): Promise<Orphan[]> {
  const { rows } = await session.query<OrphanRow>(
    `select pid, application_name as name, datname as database, coalesce(state, 'starting') as state, left(query, 200) as query
     from pg_stat_activity
     where application_name like $1 and pid <> pg_backend_pid()
     order by pid`,
    [`rehome:${owner.digits}:%`],
  );
  return rows.flatMap(({ name, ...row }) => {
    const other = parseSessionName(name);
    if (other?.digits !== owner.digits || other.fence >= owner.fence) return [];
    return [{ ...row, fence: other.fence }];
  });
}

/**
 * Ends every older session of the run and returns once the last is gone, so that no statement of an older
 * attempt can take effect any more.
 * @throws RehomeError POSTGRES_TRANSIENT when one is still there at the deadline.
 */
export async function terminateOrphans(
  session: Session,
  owner: SessionOwner,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<number> {
  const seen = new Set<number>();
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const orphans = await findOrphans(session, owner);
    if (orphans.length === 0) return seen.size;
    const pids = orphans.map(({ pid }) => pid);
    if (Date.now() >= deadline)
      throw new RehomeError(
        'POSTGRES_TRANSIENT',
        `sessions of an earlier attempt are still there (pid ${pids.join(', ')})`,
      );
    for (const pid of pids) seen.add(pid);
    await session.query(`select pg_terminate_backend(pid) from unnest($1::int[]) as orphan (pid)`, [pids]);
    await delay(50, undefined, { signal: options.signal });
  }
}

interface OrphanRow {
  pid: number;
  name: string;
  database: string | null;
  state: string;
  query: string;
}
