import type { Drift, PendingMigration } from '#shared/contracts/projects.js';
import { pendingOf, type PendingAnswer } from '#shared/projects/decision/pending-of.js';
import { standsHere, type TrackedMigration } from '#shared/projects/decision/tracked-migration.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { idOf } from '#shared/projects/version-words.js';
import type { DatabaseLook } from './look-at-database.js';

/** What stands before a database, all its schemas together. */
export interface PendingOverSchemas {
  readonly pending: readonly PendingMigration[];
  readonly problems: readonly string[];
  readonly drift: readonly Drift[];
}

/**
 * Decides for every schema and puts the answers together in the project's order. Schemas that stand alike are decided
 * once: of a thousand tenants most do.
 */
export function pendingOverSchemas(project: LoadedProject, look: DatabaseLook): PendingOverSchemas {
  const answers = [...alike(look).values()].map(({ rows, existing }) =>
    pendingOf({ project, database: look.selected, rows, existing }),
  );
  const byId = new Map<string, PendingMigration>();
  const problems = new Set(answers.flatMap((answer) => answer.problems));
  for (const migration of answers.flatMap(({ pending }) => pending)) {
    const known = byId.get(idOf(migration));
    if (known !== undefined && known.action !== migration.action) {
      problems.add(
        `${idOf(migration)} would be ${known.action} in some schemas of ${look.selected.alias} and ${migration.action} in others; bring them to one state, or name them in two databases of project.yaml`,
      );
    }
    byId.set(idOf(migration), { ...known, ...migration });
  }
  const pending = project.migrations.flatMap((file) => byId.get(file.id) ?? []);
  return { pending, problems: [...problems], drift: distinct(answers) };
}

/** Rows that say what stands in every schema: what is missing in one of them does not. */
export function commonRows({ rows, schemas }: Pick<DatabaseLook, 'rows' | 'schemas'>): TrackedMigration[] {
  const bySchema = rowsBySchema({ rows, schemas });
  const standing = new Map<string, number>();
  for (const row of [...bySchema.values()].flat()) {
    if (standsHere(row)) standing.set(idOf(row), (standing.get(idOf(row)) ?? 0) + 1);
  }
  const [first = []] = bySchema.values();
  return first.filter((row) => !standsHere(row) || standing.get(idOf(row)) === schemas.length);
}

export function rowsBySchema({
  rows,
  schemas,
}: Pick<DatabaseLook, 'rows' | 'schemas'>): Map<string, TrackedMigration[]> {
  const bySchema = new Map<string, TrackedMigration[]>(schemas.map((schema) => [schema, []]));
  for (const row of rows) bySchema.get(row.schema)?.push(row);
  return bySchema;
}

interface Alike {
  readonly rows: readonly TrackedMigration[];
  readonly existing: ReadonlySet<string>;
}

function alike(look: DatabaseLook): Map<string, Alike> {
  const groups = new Map<string, Alike>();
  for (const [schema, rows] of rowsBySchema(look)) {
    const existing = look.existing.get(schema) ?? new Set<string>();
    const states = rows.map((row) => `${idOf(row)} ${row.status} ${row.checksum}`).sort();
    groups.set(JSON.stringify([states, [...existing].sort()]), { rows, existing });
  }
  return groups;
}

function distinct(answers: readonly PendingAnswer[]): Drift[] {
  return [...new Map(answers.flatMap(({ drift }) => drift).map((one) => [JSON.stringify(one), one])).values()];
}
