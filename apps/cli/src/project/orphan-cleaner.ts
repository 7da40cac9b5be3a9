import { quoteIdentifier } from '#shared/database/identifier.js';
import { nameParts } from '#shared/projects/relation-name.js';
import type { Skeleton } from './migration-skeleton.js';

/** Columns that mean rows of another table, one by one: `work_orders.station_id=stations.id`. */
export interface Reference {
  readonly table: string;
  readonly columns: readonly string[];
  readonly referencedTable: string;
  readonly referencedColumns: readonly string[];
}

/**
 * Undefined when it is none. A table may have a schema before it, `audit.events.user_id=users.id`; several columns are
 * parted by commas, `lines.shop,number=orders.shop,number`.
 */
export function parseReference(text: string): Reference | undefined {
  const [, table, column, referencedTable, referencedColumn] =
    /^((?:[^.=\s]+\.)?[^.=\s]+)\.([^.=\s]+)=((?:[^.=\s]+\.)?[^.=\s]+)\.([^.=\s]+)$/.exec(text) ?? [];
  if (!table || !column || !referencedTable || !referencedColumn) return undefined;
  const [columns, referencedColumns] = [column.split(','), referencedColumn.split(',')];
  if (columns.length !== referencedColumns.length || [...columns, ...referencedColumns].includes('')) return undefined;
  return { table, columns, referencedTable, referencedColumns };
}

/** `clean_orphans_work_orders_station_id`. */
export function cleanerName({ table, columns }: Reference): string {
  return `clean_orphans_${[table, ...columns].join('_')}`.toLowerCase().replaceAll(/[^a-z0-9_]+/g, '_');
}

/**
 * Scripts that remove the rows which a foreign key would stumble over. `not exists`, because `not in` finds nothing once
 * the other side holds a null. One statement in the transaction of the migration: all of them go, or none.
 */
export function cleanerOf(reference: Reference, { id, requires }: { id: string; requires?: string }): Skeleton {
  const { table, columns, referencedTable } = reference;
  const header = [...(requires === undefined ? [] : [`-- requires: ${requires}`]), '-- lock-timeout: 2s', ''].join(
    '\n',
  );
  return {
    up:
      `${header}\n-- Rows of ${table} whose ${columns.join(', ')} refers to no row of ${referencedTable}. They stand nowhere else: apply makes\n` +
      `-- a backup before it, unless it is told not to.\n${removal(reference)};\n`,
    down:
      `-- Cannot be undone by a script: the rows stand only in the backup that was made before.\n` +
      `do $$ begin raise exception '${id} removed rows; restore the backup that was made before it'; end $$;\n`,
    verify: `select not exists (\n  select ${orphans(reference).replaceAll('\n', '\n  ')}\n);\n`,
  };
}

/** A row that refers to an orphan of its own table becomes one when that goes. */
function removal(reference: Reference): string {
  const { table, columns, referencedTable, referencedColumns } = reference;
  if (table !== referencedTable) return `delete ${orphans(reference)}`;
  const keys = sidesOf('child', referencedColumns).join(', ');
  const gone = sidesOf('gone', referencedColumns);
  return [
    `with recursive gone (${referencedColumns.map(quoteIdentifier).join(', ')}) as (`,
    `  select ${keys} ${orphans(reference).replaceAll('\n', '\n  ')}`,
    `  union`,
    `  select ${keys} from ${quoted(table)} as child`,
    `  join gone on ${matches(gone, sidesOf('child', columns))}`,
    `)`,
    `delete ${orphans(reference, `select from gone where ${matches(gone, sidesOf('parent', referencedColumns))}`)}`,
  ].join('\n');
}

/** @param unless a query: a parent for which it answers a row is none */
function orphans({ table, columns, referencedTable, referencedColumns }: Reference, unless?: string): string {
  const child = sidesOf('child', columns);
  return [
    `from ${quoted(table)} as child`,
    `where ${child.map((column) => `${column} is not null`).join(' and ')}`,
    `  and not exists (`,
    `    select from ${quoted(referencedTable)} as parent`,
    `    where ${matches(sidesOf('parent', referencedColumns), child)}`,
    ...(unless === undefined ? [] : [`      and not exists (${unless})`]),
    `  )`,
  ].join('\n');
}

function sidesOf(side: string, columns: readonly string[]): string[] {
  return columns.map((column) => `${side}.${quoteIdentifier(column)}`);
}

function matches(left: readonly string[], right: readonly string[]): string {
  return left.map((column, at) => `${column} = ${right[at] ?? 'null'}`).join(' and ');
}

function quoted(table: string): string {
  return (nameParts(table) ?? [table]).map(quoteIdentifier).join('.');
}
