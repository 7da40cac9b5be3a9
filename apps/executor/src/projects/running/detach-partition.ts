import type { Session } from '../../postgres/session.js';
import type { LoneStatement } from './lone-statement.js';

/**
 * `detach partition concurrently`: its first half marks the partition, its second waits for who still reads and takes
 * it off. After the first it cannot be repeated, only finalized.
 *
 * @param table as SQL names it
 * @param partition as SQL names it
 */
export function detachPartition(table: string, partition: string): LoneStatement {
  const link = async (session: Session): Promise<{ readonly pending: boolean } | undefined> => {
    const { rows } = await session.query<{ pending: boolean }>(
      `select inhdetachpending as pending
         from pg_catalog.pg_inherits
        where inhparent = pg_catalog.to_regclass($1) and inhrelid = pg_catalog.to_regclass($2)`,
      [table, partition],
    );
    return rows[0];
  };
  return {
    look: () => Promise.resolve(null),
    judge: async (session) => ((await link(session)) === undefined ? 'done' : 'repeat'),
    clean: () => Promise.resolve(),
    ending: async (session) =>
      (await link(session))?.pending === true
        ? `alter table ${table} detach partition ${partition} finalize`
        : undefined,
    // It would begin anew for ever with every long reader.
    patient: true,
  };
}
