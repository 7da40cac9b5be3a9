import type { MigratedDatabase } from '#shared/contracts/steps/project-steps.js';
import type { MigrationFile, SqlScript } from '#shared/projects/migration-file.js';
import type { Session } from '../../postgres/session.js';
import type { TrackedMigration } from '../tracking/tracking-rows.js';

/** What running a script needs of the step around it. */
export interface ScriptSurroundings {
  readonly signal: AbortSignal;
  /** Whether waiting for locks makes sense still: not once the work has failed elsewhere. */
  readonly waiting: AbortSignal;
  /** Right before each effect. */
  check(): Promise<void>;
  /** A place where a test may let the process die: `before-commit`. */
  reach(point: string, migration: TrackedMigration): Promise<void>;
  /** A lock is in the way, the work is tried again. */
  waited(migration: TrackedMigration, message: string): void;
  /** Of one long statement, while it runs. */
  building(progress: { readonly done: number; readonly total: number; readonly unit: string }): void;
}

/** One version on one schema. */
export interface ScriptRun {
  readonly database: MigratedDatabase;
  readonly file: MigrationFile;
  readonly script: SqlScript;
  readonly tracked: TrackedMigration;
  readonly around: ScriptSurroundings;
  /** Works; becomes the owner meanwhile. */
  readonly session: Session;
}

/** How long it worked, or that there was nothing to do. */
export type RunOutcome =
  { readonly outcome: 'ran'; readonly executionTimeMs: number } | { readonly outcome: 'settled' };
