import type { ValidationSubject } from './check.js';

/**
 * The configured references as six parallel arrays for `unnest`: schema, table and column, then those that they refer to.
 * A table without a schema is looked for in each of the project's, and refers to one of the same.
 */
export function referenceValues({
  references,
  schemas,
}: Pick<ValidationSubject, 'references' | 'schemas'>): string[][] {
  const rows = references.flatMap(({ table, column, referencedTable, referencedColumn }) =>
    schemas
      .map((schema) => [...placeOf(table, schema), column, ...placeOf(referencedTable, schema), referencedColumn])
      // Both with a schema of their own: the same row for every schema.
      .slice(0, table.includes('.') && referencedTable.includes('.') ? 1 : schemas.length),
  );
  return [0, 1, 2, 3, 4, 5].map((place) => rows.map((row) => row[place] ?? ''));
}

function placeOf(table: string, schema: string): [string, string] {
  const dot = table.indexOf('.');
  return dot < 0 ? [schema, table] : [table.slice(0, dot), table.slice(dot + 1)];
}
