import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import { openSession, type Session, type SessionAddress } from './session.js';

export interface AnalyzeOptions {
  readonly applicationName: string;
  readonly signal: AbortSignal;
  /** Sessions at once. */
  readonly jobs: number;
}

export interface Analyzed {
  readonly tables: number;
  /** Tables that could not be analyzed, by name, with why. */
  readonly failed: readonly { readonly table: string; readonly because: string }[];
}

/**
 * Gathers planner statistics of every table: a dump carries none, and an application that starts without them reads
 * whole tables where it used to read an index, until autovacuum has been everywhere. A table that cannot be analyzed is
 * told, not fatal: its data is whole.
 */
export async function analyzeDatabase(address: SessionAddress, options: AnalyzeOptions): Promise<Analyzed> {
  const first = await openSession(address, options);
  const sessions = [first];
  const failed: { table: string; because: string }[] = [];
  try {
    const tables = await tablesToAnalyze(first);
    while (sessions.length < Math.min(options.jobs, tables.length)) sessions.push(await openSession(address, options));
    // All workers take from one iterator, so that none waits while there is something to do.
    const queue = tables.values();
    const work = async (session: Session): Promise<void> => {
      for (const table of queue) {
        options.signal.throwIfAborted();
        const because = await analyzeTable(session, table);
        if (because !== undefined) failed.push({ table, because });
      }
    };
    await Promise.all(sessions.map(work));
    return { tables: tables.length, failed };
  } finally {
    await Promise.all(sessions.map((session) => session.end().catch(() => undefined)));
  }
}

/**
 * Largest first. A partitioned table is analyzed as a whole, which takes its partitions along: autovacuum never looks at
 * it. One with a foreign partition is left out, its own partitions are taken one by one: nobody asks a foreign server.
 */
async function tablesToAnalyze(session: Session): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `with whole as (
       select c.oid
         from pg_class as c
        where c.relkind = 'p' and not c.relispartition
          and not exists (select from pg_partition_tree(c.oid) as t
                            join pg_class as f on f.oid = t.relid
                           where f.relkind = 'f')
     ),
     covered as (
       select t.relid as oid from whole cross join lateral pg_partition_tree(whole.oid) as t
     )
     select format('%I.%I', n.nspname, c.relname) as name
       from pg_class as c
       join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and (c.oid in (select oid from whole)
             or (c.relkind in ('r', 'm') and c.oid not in (select oid from covered)))
      order by pg_total_relation_size(c.oid) desc, 1`,
  );
  return rows.map(({ name }) => name);
}

/** @returns why it could not be analyzed. */
async function analyzeTable(session: Session, table: string): Promise<string | undefined> {
  try {
    await session.query(`analyze ${table}`);
    return undefined;
  } catch (error) {
    const failure = classifyPostgresError(error);
    if (failure.disposition === 'retry') throw failure;
    return failure.message;
  }
}
