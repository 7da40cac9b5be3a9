import { quoteIdentifier } from '#shared/database/identifier.js';
import { NOT_OF_EXTENSION, USER_SCHEMA } from './catalogue/queries/catalogue-query.js';
import { releasingLocks } from './shared-snapshot.js';
import type { Session } from './session.js';

/** Where a sequence stands; `setval` takes both. */
export interface SequenceState {
  readonly name: string;
  readonly lastValue: string;
  /** False: `lastValue` is what comes next. `pg_sequences` tells null then, which is why the sequence itself is read. */
  readonly called: boolean;
}

const SEQUENCES_PER_QUERY = 200;

/** All sequences of the database by name, identity columns' included, many to a query. */
export async function readSequences(session: Session): Promise<Map<string, SequenceState>> {
  const { rows } = await session.query<{ name: string; schema: string; sequence: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name, n.nspname as schema, c.relname as sequence
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'S' and c.relpersistence <> 't' and (
       (${USER_SCHEMA('n')} and ${NOT_OF_EXTENSION('pg_class', 'c.oid')})
       or exists (select from pg_extension e where c.oid = any (e.extconfig))
     )
     order by 1`,
  );
  const states = new Map<string, SequenceState>();
  for (let start = 0; start < rows.length; start += SEQUENCES_PER_QUERY) {
    const batch = rows.slice(start, start + SEQUENCES_PER_QUERY);
    const sql = batch
      .map(({ schema, sequence }, index) => {
        const from = `${quoteIdentifier(schema)}.${quoteIdentifier(sequence)}`;
        return `select ${String(index)} as index, last_value::text as "lastValue", is_called as called from ${from}`;
      })
      .join('\nunion all\n');
    const answer = await releasingLocks(session, () =>
      session.query<{ index: number } & Omit<SequenceState, 'name'>>(sql),
    );
    for (const { index, ...state } of answer.rows) {
      const name = batch[index]?.name;
      if (name !== undefined) states.set(name, { name, ...state });
    }
  }
  return states;
}
