import { setTimeout as delay } from 'node:timers/promises';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Session } from './session.js';

export interface DrainOptions {
  readonly signal: AbortSignal;
  /** How long sessions may take to end; 30 000 when silent. */
  readonly timeoutMs?: number;
  /** The session's own when silent. */
  readonly database?: string;
}

interface Occupant {
  readonly pid: number;
  readonly role: string;
  readonly program: string;
}

/**
 * Ends all sessions of a database but this one, until none is left: in `pg_stat_activity`, as a lock on the
 * database, and as a prepared transaction. Call it when nobody new is let in.
 * @returns how many sessions were ended.
 * @throws RehomeError FENCE_NOT_PROVEN when somebody is left at the deadline, or a transaction is prepared.
 */
export async function drainDatabase(session: Session, options: DrainOptions): Promise<number> {
  const deadline = Date.now() + (options.timeoutMs ?? 30_000);
  const database = options.database ?? null;
  const ended = new Set<number>();
  for (;;) {
    // Locks first: a backend that is starting up has passed the connection check and stands in pg_stat_activity only
    // before it gives up its lock on the database. It wrote after "0 sessions" in a trial that looked the other way round.
    const starting = await countStarting(session, database);
    const occupants = await findOccupants(session, database);
    if (starting === 0 && occupants.length === 0) break;
    if (Date.now() >= deadline) throw notEmpty(occupants, starting);
    await terminate(session, occupants);
    for (const { pid } of occupants) ended.add(pid);
    await delay(20, undefined, { signal: options.signal });
  }
  await refusePrepared(session, database);
  return ended.size;
}

async function countStarting(session: Session, database: string | null): Promise<number> {
  const { rows } = await session.query<{ count: number }>(
    `select count(*)::int as count
     from pg_locks l
     where l.locktype = 'object' and l.database = 0 and l.classid = 'pg_database'::regclass
       and l.objid = (select oid from pg_database where datname = coalesce($1, current_database()))
       and l.pid is not null and l.pid <> pg_backend_pid()`,
    [database],
  );
  return rows[0]?.count ?? 0;
}

/** Vacuum workers change no data and give way by themselves. Who is no superuser is told nothing of others but database and pid. */
async function findOccupants(session: Session, database: string | null): Promise<Occupant[]> {
  const { rows } = await session.query<Occupant>(
    `select pid, coalesce(usename, backend_type, 'unknown') as role,
       coalesce(nullif(application_name, ''), backend_type, 'unknown') as program
     from pg_stat_activity
     where datname = coalesce($1, current_database()) and pid <> pg_backend_pid() and backend_type is distinct from 'autovacuum worker'`,
    [database],
  );
  return rows;
}

async function terminate(session: Session, occupants: readonly Occupant[]): Promise<void> {
  for (const { pid } of occupants) {
    // Only a superuser may end a superuser's session: who may not, is told at the deadline by name.
    await session.query(`select pg_terminate_backend($1)`, [pid]).catch((error: unknown) => {
      if (!isPrivilegeError(error)) throw error;
    });
  }
}

function isPrivilegeError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42501';
}

function notEmpty(occupants: readonly Occupant[], starting: number): RehomeError {
  const names = occupants.map(({ pid, role, program }) => `${role} (${program}, pid ${String(pid)})`);
  const told = names.length > 0 ? names.join(', ') : `${String(starting)} sessions that are starting`;
  return new RehomeError('FENCE_NOT_PROVEN', `sessions come back although the database is closed: ${told}`, {
    facts: { sessions: occupants.map(({ pid, role, program }) => ({ pid, role, program })), starting },
  });
}

async function refusePrepared(session: Session, database: string | null): Promise<void> {
  const { rows } = await session.query<{ gid: string }>(
    `select gid from pg_prepared_xacts where database = coalesce($1, current_database()) order by prepared`,
    [database],
  );
  if (rows.length === 0) return;
  const gids = rows.map(({ gid }) => gid);
  throw new RehomeError(
    'FENCE_NOT_PROVEN',
    `prepared transactions can still be committed: ${gids.join(', ')}; commit or roll them back`,
    { facts: { prepared: gids } },
  );
}
