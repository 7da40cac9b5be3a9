import type { JsonValue } from '#shared/contracts/json.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Session } from '../../postgres/session.js';
import type { LoneStatement } from './lone-statement.js';

/** An index of a table, as the catalogue shows it. */
interface IndexRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly valid: boolean;
  /** Backend that builds it right now. */
  readonly builder: number | null;
}

/**
 * `create index concurrently`: one that fails or is interrupted leaves an index behind that costs writes and serves
 * nobody, and that makes `if not exists` succeed without an index.
 *
 * @param table as SQL names it
 * @param name of the index; PostgreSQL chooses one where the statement does not
 */
export function indexBuild(table: string, name: string | undefined): LoneStatement {
  const indexes = (session: Session): Promise<IndexRow[]> =>
    readIndexes(session, `i.indrelid = to_regclass($1)`, [table]);
  const made = async (session: Session, before: JsonValue): Promise<IndexRow[]> => {
    const known = new Set(oidsOf(before));
    return (await indexes(session)).filter((index) => {
      if (name !== undefined) return index.name === name && (!index.valid || !known.has(index.oid));
      return !known.has(index.oid);
    });
  };
  return {
    patient: true,
    look: async (session) => (await indexes(session)).map(({ oid }) => oid),
    judge: async (session, before) => {
      const left = await made(session, before);
      return left.length > 0 && left.every(({ valid }) => valid) ? 'done' : 'repeat';
    },
    clean: async (session, before) => {
      for (const index of await made(session, before)) if (!index.valid) await dropInvalid(session, index);
    },
  };
}

/** `reindex concurrently` may be repeated; an interrupted one leaves its half made copies behind. */
export function reindex(): LoneStatement {
  const copies = (session: Session): Promise<IndexRow[]> =>
    readIndexes(session, `not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'`, []);
  return {
    patient: true,
    look: async (session) => (await copies(session)).map(({ oid }) => oid),
    judge: () => Promise.resolve('repeat'),
    clean: async (session, before) => {
      const known = new Set(oidsOf(before));
      for (const index of await copies(session)) if (!known.has(index.oid)) await dropInvalid(session, index);
    },
  };
}

async function dropInvalid(session: Session, { schema, name, builder }: IndexRow): Promise<void> {
  if (builder !== null) {
    const detail = `session ${String(builder)} builds index ${schema}.${name} right now; this attempt waits for its end`;
    throw new RehomeError('POSTGRES_TRANSIENT', detail);
  }
  await session.query(`drop index concurrently if exists ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`);
}

async function readIndexes(session: Session, condition: string, values: readonly string[]): Promise<IndexRow[]> {
  const { rows } = await session.query<IndexRow>(
    `select c.oid, n.nspname as schema, c.relname as name, i.indisvalid as valid,
            (select p.pid from pg_stat_progress_create_index as p where p.index_relid = c.oid limit 1) as builder
       from pg_index as i
       join pg_class as c on c.oid = i.indexrelid
       join pg_namespace as n on n.oid = c.relnamespace
      where ${condition}
      order by c.oid`,
    [...values],
  );
  return rows;
}

function oidsOf(before: JsonValue): number[] {
  return Array.isArray(before) ? before.map(Number) : [];
}
