import type { RevertedMigration } from '../../contracts/steps/project-steps.js';
import type { LoadedProject } from '../load-project.js';
import type { MigrationFile } from '../migration-file.js';
import { findVersion, fullName } from '../version-words.js';
import { standsHere, trackedById, type TrackedMigration } from './tracked-migration.js';

export interface RevertQuestion {
  readonly project: LoadedProject;
  readonly alias: string;
  /** As a person says it: `v006`, `app/v006`. */
  readonly version: string;
  /** Of one schema of the database. */
  readonly rows: readonly TrackedMigration[];
  /** Rows of the project's other databases: what requires it may stand there. */
  readonly otherRows?: readonly TrackedMigration[];
  /** Another way than the down script is asked for: a script of the project's, or a backup. */
  readonly withoutDown?: boolean;
}

export type RevertAnswer =
  | { readonly ok: true; readonly migration: MigrationFile; readonly reverted: RevertedMigration }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Whether a version may be taken back: it stands there, can be undone and nothing that stands requires it. */
export function revertable(question: RevertQuestion): RevertAnswer {
  const { project, alias, version, rows } = question;
  const database = project.definition.databases.find((one) => one.alias === alias);
  if (database === undefined) return refused([`no database is called "${alias}"`]);
  const word = findVersion(version, project.migrations);
  const found = word.ok
    ? word
    : findVersion(
        version,
        project.migrations.filter(({ home }) => home === alias),
      );
  if (!found.ok) return refused([word.ok ? found.message : word.message]);
  const migration = found.found;
  const row = trackedById(rows).get(migration.id);
  const problems = [
    ...notThere(migration, alias, row),
    ...neededBy(question, migration),
    ...noDown(question, migration),
  ];
  if (row === undefined || problems.length > 0) return refused(problems);
  const { app, version: exact, name } = migration;
  const action = migration.home === alias ? 'run' : 'elsewhere';
  const hasDown = migration.down !== undefined;
  return { ok: true, migration, reverted: { app, version: exact, name, action, status: row.status, hasDown } };
}

function refused(problems: readonly string[]): RevertAnswer {
  return { ok: false, problems };
}

function notThere(migration: MigrationFile, alias: string, row: TrackedMigration | undefined): string[] {
  const name = fullName(migration);
  if (standsHere(row) || row?.status === 'running') return [];
  // Outside a transaction what an attempt finished stands.
  if (row?.status === 'failed' && !migration.transactional) return [];
  if (row?.status === 'elsewhere') return [`${name} was never run on ${alias}; it lives on ${migration.home}`];
  if (row?.status === 'failed')
    return [`${name} failed on ${alias} and left nothing behind; correct it and apply again`];
  return [`${name} is ${row?.status === 'rolled_back' ? 'rolled back already' : 'not applied'} on ${alias}`];
}

function neededBy(
  { project, rows, otherRows = [] }: RevertQuestion,
  { id, app, version, name }: MigrationFile,
): string[] {
  const [here, there] = [trackedById(rows), trackedById(otherRows)];
  const standing = project.migrations.filter((one) => standsHere(here.get(one.id)) || standsHere(there.get(one.id)));
  const dependants = standing.filter(({ requires }) => requires.includes(id)).map(fullName);
  if (dependants.length === 0) return [];
  const them = dependants.toReversed();
  return [
    `${fullName({ app, version, name })} is required by ${them.join(', ')}; revert ${them.length > 1 ? 'them' : 'it'} first`,
  ];
}

function noDown({ withoutDown = false }: RevertQuestion, migration: MigrationFile): string[] {
  if (withoutDown || migration.down !== undefined) return [];
  return [
    `${fullName(migration)} has no down script; write ${migration.up.path.replace(/\.up\.sql$/, '.down.sql')}, ` +
      'or ask for an emergency restore or script',
  ];
}
