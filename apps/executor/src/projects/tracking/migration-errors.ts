import { inTransaction, type Session } from '../../postgres/session.js';
import { recordStatus, type TrackedMigration } from './tracking-rows.js';

/** Where a script failed, and what PostgreSQL said. */
export interface ScriptFailure {
  /** In the project. */
  readonly path: string;
  readonly line: number;
  readonly sqlState?: string;
  readonly message: string;
  readonly statement: string;
}

/** Characters of a statement that are kept. */
const KEPT = 2_000;

/** Marks a version as failed, after its transaction was rolled back, and keeps why. */
export async function recordFailure(
  session: Session,
  migration: TrackedMigration,
  failure: ScriptFailure & { readonly executionTimeMs: number },
): Promise<void> {
  await inTransaction(session, async () => {
    await recordStatus(session, migration, { status: 'failed', executionTimeMs: failure.executionTimeMs });
    await recordError(session, migration, failure);
  });
}

/** Keeps why a script failed that changed nothing: the version stands as it did. */
export async function recordError(
  session: Session,
  migration: TrackedMigration,
  failure: ScriptFailure,
): Promise<void> {
  await session.query(
    `insert into rehome.migration_errors
       (project, schema, app, version, path, line, sqlstate, message, statement, migration_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[migration.project, migration.schema, migration.app, migration.version],
      ...[failure.path, failure.line, failure.sqlState ?? null, failure.message],
      ...[excerptOf(failure.statement, KEPT), migration.migrationId],
    ],
  );
}

/** The first characters of a statement, without the passwords that role statements hold. */
export function excerptOf(statement: string, length: number): string {
  const shown = statement.replaceAll(/(\bpassword\s+)e?'(?:[^']|'')*'/gi, "$1'***'");
  return shown.length > length ? `${shown.slice(0, length)}…` : shown;
}
