import type { ConfiguredReference, ProjectCheck, ValidationCategory } from '#shared/contracts/projects.js';
import { relationIn } from '#shared/projects/relation-name.js';

/** What of a project is about one of its databases. */
export interface ValidationSubject {
  /** Which are migrated; patterns are resolved. */
  readonly schemas: readonly string[];
  /** As the project names them: `public`, `tenant_*`. */
  readonly wantedSchemas: readonly string[];
  /** Owns what the migrations make; the project's own checks read with its rights. */
  readonly owner: string;
  readonly application?: string;
  /** Tables that must be there: `orders`, in every schema, or `audit.events`. */
  readonly expectedTables: readonly string[];
  /** Tables that its migrations make, as they are written there. */
  readonly madeTables: readonly string[];
  /** `table.column` in every schema, or `schema.table.column`. */
  readonly requiredColumns: readonly string[];
  readonly references: readonly ConfiguredReference[];
  readonly checks: readonly ProjectCheck[];
}

/** A rule and the query that finds what breaks it. No code: whoever can read SQL can judge it. */
export interface ValidationCheck {
  readonly name: string;
  readonly category: ValidationCategory;
  /** The rule, as a sentence that holds when nothing is found. */
  readonly message: string;
  readonly remedy: string;
  /**
   * `findings`: each row is one, its column `finding` an object or a key, never content of a row.
   * `queries`: each row's column `query` is such a query, made of the catalogue, over one object; without a row there is
   * nothing that the check could be about.
   */
  readonly finds: 'findings' | 'queries';
  readonly sql: string;
  /** Answers a row when there is something it could be about; always when absent. Takes the same values. */
  readonly applicable?: string;
  /** `$1`, `$2`, … of both. */
  readonly values: (subject: ValidationSubject) => readonly unknown[];
}

/** Parallel arrays for `unnest`: where each name must be found. */
export function qualified(names: readonly string[], schemas: readonly string[]): [string[], string[]] {
  const pairs = names.flatMap((name) => inEach(schemas, (schema) => relationIn(schema, name)));
  return [pairs.map(([schema]) => schema), pairs.map(([, name]) => name)];
}

/** What a name means in each schema, once where it names its own. */
export function inEach<Place extends readonly string[]>(
  schemas: readonly string[],
  placeIn: (schema: string) => Place,
): Place[] {
  return [...new Map(schemas.map(placeIn).map((place) => [JSON.stringify(place), place])).values()];
}

/** Parallel arrays for `unnest`: each name and what LIKE finds by it; only a name with `*` is a pattern. */
export function patterned(names: readonly string[]): [readonly string[], string[]] {
  return [names, names.map((name) => name.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%'))];
}

/** Schemas that a pattern never means. */
export const NO_TENANTS = '^(pg_|information_schema$|rehome$)';

/** Of a relation `c`: an extension brought it and looks after it; nobody of the project may. */
export const OF_EXTENSION = `
  exists (
    select
    from pg_depend as brought
    where brought.classid = 'pg_class'::regclass and brought.objid = c.oid and brought.deptype = 'e'
  )`;
