import { quoteLiteral } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Session } from './session.js';

/** Several sessions of one database that see the same moment. */
export interface SharedSnapshot {
  /** As `pg_dump --snapshot` takes it. */
  readonly id: string;
  /** Lets another session of the same database see it; until the first session ends. */
  join(session: Session): Promise<void>;
}

const BEGIN = 'begin transaction isolation level repeatable read, read only';

/** Begins a transaction in `first` and shares what it sees. */
export async function shareSnapshot(first: Session): Promise<SharedSnapshot> {
  await first.query(BEGIN);
  const { rows } = await first.query<{ snapshot: string }>(`select pg_export_snapshot() as snapshot`);
  const snapshot = rows[0]?.snapshot;
  if (snapshot === undefined) throw new RehomeError('INTERNAL', 'the server exported no snapshot');
  return {
    id: snapshot,
    join: async (session) => {
      await session.query(BEGIN);
      await session.query(`set transaction snapshot ${quoteLiteral(snapshot)}`);
    },
  };
}

/**
 * Runs `work` inside the open transaction and gives the locks it took back at once: 2,000 tables with their indexes would
 * fill the lock table of a server with the usual settings (64 per transaction, 100 connections).
 */
export async function releasingLocks<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.query('savepoint rehome_unit');
  const result = await work();
  await session.query('rollback to savepoint rehome_unit');
  return result;
}
