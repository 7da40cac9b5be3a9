import type { Drift, MigrationAction, PendingMigration } from '../../contracts/projects.js';
import type { SelectedDatabase } from '../../contracts/steps/project-steps.js';
import type { LoadedProject } from '../load-project.js';
import type { MigrationFile } from '../migration-file.js';
import { conflictProblems } from './conflicts.js';
import { driftOf } from './drift-of.js';
import { initialAction } from './initial-migrations.js';
import { selectMigrations } from './selection.js';
import { isSettled, trackedById, type TrackedById, type TrackedMigration } from './tracked-migration.js';

/** What is known of one schema of one database. */
export interface PendingQuestion {
  readonly project: LoadedProject;
  readonly database: SelectedDatabase;
  /** Every row of the project in this schema, whatever its app. */
  readonly rows: readonly TrackedMigration[];
  /** Of the names of `initialTables`: those that exist, as they are written there. */
  readonly existing: ReadonlySet<string>;
}

export interface PendingAnswer {
  /** In the order in which they are applied; of no use when there is a problem. */
  readonly pending: readonly PendingMigration[];
  /** Sentences: what stands in the way, and what to do. */
  readonly problems: readonly string[];
  /** `file-changed` refuses an apply, `file-missing` warns. */
  readonly drift: readonly Drift[];
}

/** What stands before one schema of a database, and what is to be done with each. */
export function pendingOf({ project, database, rows, existing }: PendingQuestion): PendingAnswer {
  const tracked = trackedById(rows);
  const drift = driftOf(project, rows);
  const selected = selectMigrations(project, database);
  if (!selected.ok) return { pending: [], problems: selected.problems, drift };
  const problems: string[] = [];
  const { alias } = database;
  const open = selected.migrations.filter((one) => !isSettled(one, tracked.get(one.id), alias));
  const pending = open.map((migration) => {
    const action = actionOf(migration, { database, faked: selected.faked, project, existing, problems });
    return pendingMigration(migration, action, tracked);
  });
  problems.push(...conflictProblems(project, pending, tracked));
  return { pending, problems, drift };
}

interface Deciding {
  readonly project: LoadedProject;
  readonly database: SelectedDatabase;
  readonly faked: ReadonlySet<string>;
  readonly existing: ReadonlySet<string>;
  readonly problems: string[];
}

function actionOf(migration: MigrationFile, deciding: Deciding): MigrationAction {
  const { project, database, faked, existing, problems } = deciding;
  // Where its home is elsewhere a fake is proven by nothing being made here.
  if (faked.has(migration.id)) return 'fake';
  if (migration.home !== database.alias) return 'elsewhere';
  if (database.fakeInitial !== true) return 'run';
  const initial = initialAction(project, migration, existing);
  if (initial.problem !== undefined) problems.push(initial.problem);
  return initial.action;
}

function pendingMigration(migration: MigrationFile, action: MigrationAction, tracked: TrackedById): PendingMigration {
  const { id, app, version, name, transactional, phase, requires } = migration;
  const interrupted = action === 'run' && isInterrupted(migration, tracked.get(id));
  return {
    app,
    version,
    name,
    action,
    ...(transactional ? {} : { transactional }),
    ...(phase === undefined ? {} : { phase }),
    ...(requires.length === 0 ? {} : { requires }),
    ...(interrupted ? { interrupted } : {}),
  };
}

/** In a transaction nothing is left of an attempt; outside, what it finished stands, if it was the same script. */
function isInterrupted({ transactional, checksum }: MigrationFile, row: TrackedMigration | undefined): boolean {
  if (row === undefined || transactional) return false;
  return row.status === 'running' || (row.status === 'failed' && row.checksum === checksum);
}
