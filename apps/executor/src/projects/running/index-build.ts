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
}

/**
 * `create index concurrently`: one that fails or is interrupted leaves an index behind that costs writes and serves
 * nobody, and that makes `if not exists` succeed without an index.
 *
 * @param admin sees what other sessions build, which the owner may not
 * @param table as SQL names it
 * @param name of the index; PostgreSQL chooses one where the statement does not
 */
export function indexBuild(admin: Session, table: string, name: string | undefined): LoneStatement {
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
      for (const index of await made(session, before)) if (!index.valid) await dropInvalid(admin, session, index);
    },
  };
}

/** `reindex concurrently` may be repeated; an interrupted one leaves its half made copies behind. */
export function reindex(admin: Session): LoneStatement {
  const copies = (session: Session): Promise<IndexRow[]> =>
    readIndexes(session, `not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'`, []);
  return {
    patient: true,
    look: async (session) => (await copies(session)).map(({ oid }) => oid),
    judge: () => Promise.resolve('repeat'),
    clean: async (session, before) => {
      const known = new Set(oidsOf(before));
      for (const index of await copies(session)) if (!known.has(index.oid)) await dropInvalid(admin, session, index);
    },
  };
}

async function dropInvalid(admin: Session, session: Session, { oid, schema, name }: IndexRow): Promise<void> {
  const builder = await builderOf(admin, oid);
  if (builder !== undefined) {
    const detail = `session ${String(builder)} builds index ${schema}.${name} right now; this attempt waits for its end`;
    throw new RehomeError('POSTGRES_TRANSIENT', detail);
  }
  await session.query(`drop index concurrently if exists ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`);
}

/** Backend that builds an index right now. */
async function builderOf(admin: Session, index: number): Promise<number | undefined> {
  const { rows } = await admin.query<{ pid: number }>(
    `select pid from pg_stat_progress_create_index where datname = current_database() and index_relid = $1`,
    [index],
  );
  return rows[0]?.pid;
}

async function readIndexes(session: Session, condition: string, values: readonly string[]): Promise<IndexRow[]> {
  const { rows } = await session.query<IndexRow>(
    `select c.oid, n.nspname as schema, c.relname as name, i.indisvalid as valid
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
