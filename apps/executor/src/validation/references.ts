import { nameParts, relationIn } from '#shared/projects/relation-name.js';
import { inEach, type ValidationSubject } from './check.js';

/**
 * The configured references as six parallel arrays for `unnest`: schema, table and column, then those that they refer to.
 * A table without a schema is looked for in each of the project's, and refers to one of the same.
 */
export function referenceValues({
  references,
  schemas,
}: Pick<ValidationSubject, 'references' | 'schemas'>): string[][] {
  const rows = references.flatMap(({ table, column, referencedTable, referencedColumn }) =>
    inEach(schemas, (schema) => [
      ...[...relationIn(schema, table), column],
      ...[...relationIn(schema, referencedTable), referencedColumn],
    ]),
  );
  return [0, 1, 2, 3, 4, 5].map((place) => rows.map((row) => row[place] ?? ''));
}

/** The required columns as three parallel arrays. */
export function requiredValues({
  requiredColumns,
  schemas,
}: Pick<ValidationSubject, 'requiredColumns' | 'schemas'>): string[][] {
  const rows = requiredColumns.flatMap((text) =>
    inEach(schemas, (schema) => [schema, ...(nameParts(text) ?? [])].slice(-3)),
  );
  return [0, 1, 2].map((place) => rows.map((row) => row[place] ?? ''));
}
