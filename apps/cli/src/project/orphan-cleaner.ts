import { quoteIdentifier } from '#shared/database/identifier.js';
import type { Skeleton } from './migration-skeleton.js';

/** A column that means rows of another table: `work_orders.station_id=stations.id`. */
export interface Reference {
  readonly table: string;
  readonly column: string;
  readonly referencedTable: string;
  readonly referencedColumn: string;
}

/** Undefined when it is none: a table may have a schema before it, `audit.events.user_id=users.id`. */
export function parseReference(text: string): Reference | undefined {
  const [, table, column, referencedTable, referencedColumn] =
    /^((?:[^.=\s]+\.)?[^.=\s]+)\.([^.=\s]+)=((?:[^.=\s]+\.)?[^.=\s]+)\.([^.=\s]+)$/.exec(text) ?? [];
  if (!table || !column || !referencedTable || !referencedColumn) return undefined;
  return { table, column, referencedTable, referencedColumn };
}

/** `clean_orphans_work_orders_station_id`. */
export function cleanerName({ table, column }: Reference): string {
  return `clean_orphans_${table}_${column}`.toLowerCase().replaceAll(/[^a-z0-9_]+/g, '_');
}

/**
 * Scripts that remove the rows which a foreign key would stumble over. `not exists`, because `not in` finds nothing once
 * the other side holds a null. One statement in the transaction of the migration: all of them go, or none.
 */
export function cleanerOf(reference: Reference, { id, requires }: { id: string; requires?: string }): Skeleton {
  const { table, column, referencedTable, referencedColumn } = reference;
  const [child, key] = [quoted(table), quoteIdentifier(column)];
  const orphans = [
    `from ${child} as child`,
    `where child.${key} is not null`,
    `  and not exists (`,
    `    select from ${quoted(referencedTable)} as parent`,
    `    where parent.${quoteIdentifier(referencedColumn)} = child.${key}`,
    `  )`,
  ].join('\n');
  const header = [...(requires === undefined ? [] : [`-- requires: ${requires}`]), '-- lock-timeout: 2s', ''].join(
    '\n',
  );
  return {
    up:
      `${header}\n-- Rows of ${table} whose ${column} refers to no row of ${referencedTable}. They stand nowhere else: apply makes\n` +
      `-- a backup before it, unless it is told not to.\ndelete ${orphans};\n`,
    down:
      `-- Cannot be undone by a script: the rows stand only in the backup that was made before.\n` +
      `do $$ begin raise exception '${id} removed rows; restore the backup that was made before it'; end $$;\n`,
    verify: `select not exists (\n  select ${orphans.replaceAll('\n', '\n  ')}\n);\n`,
  };
}

function quoted(table: string): string {
  return table.split('.').map(quoteIdentifier).join('.');
}
