import type { SelectedDatabase } from '../../contracts/steps/project-steps.js';
import type { LoadedProject } from '../load-project.js';
import type { MigrationFile } from '../migration-file.js';
import { withRequirements } from '../migration-order.js';
import { naturalOrder } from '../natural-order.js';
import { findVersion } from '../version-words.js';

export type SelectedMigrations =
  | {
      readonly ok: true;
      /** In the project's order. */
      readonly migrations: readonly MigrationFile[];
      /** Ids of those that are recorded instead of run. */
      readonly faked: ReadonlySet<string>;
    }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Which migrations a request means on a database: of its apps, up to its versions, with what those require. */
export function selectMigrations(project: LoadedProject, database: SelectedDatabase): SelectedMigrations {
  const problems = unknownNames(project, database);
  const all = project.migrations;
  const ofApps = all.filter(({ app }) => database.apps?.includes(app) ?? true);
  const upTo = (word: string | undefined, field: string): readonly MigrationFile[] => {
    if (word === undefined || word === 'latest') return ofApps;
    // Looked for in its own apps first: a bare version is nearly always meant of them.
    const inApps = findVersion(word, ofApps);
    const found = inApps.ok || inApps.reason === 'ambiguous' ? inApps : findVersion(word, all);
    if (!found.ok) {
      problems.push(`${field} of ${database.alias}: ${found.message}`);
      return [];
    }
    const wanted = upToVersion(found.found, all);
    return ofApps.filter((one) => wanted.has(one));
  };
  const faked = new Set(database.fakeTo === undefined ? [] : upTo(database.fakeTo, 'fakeTo').map(({ id }) => id));
  const asked = new Set(upTo(database.to, 'to'));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, migrations: ofApps.filter((one) => asked.has(one) || faked.has(one.id)), faked };
}

/** The versions of its app up to one, and all that they require. */
function upToVersion(last: MigrationFile, all: readonly MigrationFile[]): ReadonlySet<MigrationFile> {
  const before = all.filter(({ app, version }) => app === last.app && naturalOrder(version, last.version) <= 0);
  return new Set(withRequirements(before, all));
}

function unknownNames({ definition, migrations }: LoadedProject, { alias, apps = [] }: SelectedDatabase): string[] {
  const aliases = definition.databases.map((database) => database.alias);
  const known = new Set(migrations.map(({ app }) => app));
  const unknownApps = apps.filter((app) => !known.has(app));
  return [
    ...(aliases.includes(alias) ? [] : [`no database is called "${alias}"; known: ${aliases.join(', ')}`]),
    ...unknownApps.map((app) => `no migrations of an app "${app}" for ${alias}; known: ${[...known].join(', ')}`),
  ];
}
