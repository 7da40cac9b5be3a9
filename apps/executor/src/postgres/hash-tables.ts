import { quoteIdentifier } from '#shared/database/identifier.js';
import { NOT_OF_EXTENSION, USER_SCHEMA } from './catalogue/queries/catalogue-query.js';
import { releasingLocks } from './shared-snapshot.js';
import type { Session } from './session.js';

export interface TableContent {
  readonly name: string;
  readonly rows: string;
  /** Sum of the 64-bit hashes of all rows, decimal. */
  readonly hash: string;
  /** A materialized view: a restore computes it anew, so it may differ from one that was stale. */
  readonly derived: boolean;
}

export interface TableToHash {
  /** As people write it. */
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  readonly bytes: number;
  readonly derived: boolean;
  /** Of an extension's table: the part of its rows that a dump carries, as the extension declared it; else empty. */
  readonly condition: string;
}

export interface TableUnit {
  readonly kind: 'tables';
  readonly tables: readonly TableToHash[];
}

/** Everything that holds rows: tables and partitions (unlogged ones, too), populated materialized views, tables of extensions that are dumped. */
export async function listTables(session: Session): Promise<TableToHash[]> {
  const { rows } = await session.query<TableToHash>(
    `select format('%I.%I', n.nspname, c.relname) as name, n.nspname as schema, c.relname as table,
       pg_table_size(c.oid)::float8 as bytes, c.relkind = 'm' as derived,
       coalesce((
         select e.extcondition[position] from pg_extension e, generate_subscripts(e.extconfig, 1) as position
         where e.extconfig[position] = c.oid
       ), '') as condition
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm') and (c.relkind = 'r' or c.relispopulated) and c.relpersistence <> 't'
       and (
         (${USER_SCHEMA('n')} and ${NOT_OF_EXTENSION('pg_class', 'c.oid')})
         or exists (select from pg_extension e where c.oid = any (e.extconfig))
       )
     order by bytes desc, name`,
  );
  return rows;
}

/** A table of at most this size shares its query with others. */
const SMALL_BYTES = 1024 * 1024;
const TABLES_PER_UNIT = 50;

/** Work in portions, largest first: 2,000 small tables are 40 questions, not 2,000. */
export function planUnits(tables: readonly TableToHash[]): TableUnit[] {
  const bySize = [...tables].sort((left, right) => right.bytes - left.bytes);
  const units: TableUnit[] = [];
  let small: TableToHash[] = [];
  for (const table of bySize) {
    if (table.bytes > SMALL_BYTES) units.push({ kind: 'tables', tables: [table] });
    else small.push(table);
    if (small.length < TABLES_PER_UNIT) continue;
    units.push({ kind: 'tables', tables: small });
    small = [];
  }
  return small.length > 0 ? [...units, { kind: 'tables', tables: small }] : units;
}

/** Counts and hashes the tables of one unit in one query. */
export async function hashTables(session: Session, tables: readonly TableToHash[]): Promise<TableContent[]> {
  const sql = tables.map((table, index) => hashQuery(table, index)).join('\nunion all\n');
  const { rows } = await releasingLocks(session, () =>
    session.query<{ index: number; rows: string; hash: string }>(sql),
  );
  return rows.flatMap(({ index, ...content }) => {
    const table = tables[index];
    return table ? [{ name: table.name, derived: table.derived, ...content }] : [];
  });
}

/** `(x.*)::text` is the whole row even where a column is called x; "only" because children are hashed by themselves. */
function hashQuery(table: TableToHash, index: number): string {
  return `select ${String(index)} as index, count(*)::text as rows, coalesce(sum(${rowHash('x')}), 0)::text as hash
from only ${fromClause(table)}`;
}

/** 64 bits of a row's text. The C collation keeps the hash free of the database's own. */
export function rowHash(alias: string): string {
  return `hashtextextended((${alias}.*)::text collate "C", 0)`;
}

/** `"s"."t" as x where …` */
export function fromClause({ schema, table, condition }: TableToHash): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)} as x ${condition}`;
}
