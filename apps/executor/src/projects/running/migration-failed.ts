import type { DatabaseAddress } from '#shared/contracts/registry.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { titleOf } from '../project-migration.js';
import { excerptOf } from '../tracking/migration-errors.js';
import type { TrackedMigration } from '../tracking/tracking-rows.js';
import type { ScriptError } from './script-error.js';

const SHOWN = 300;

export interface FailedScript {
  readonly address: DatabaseAddress;
  readonly tracked: TrackedMigration;
  readonly error: ScriptError;
  /** What of it stands; nothing where the script is one transaction. */
  readonly rolledBack: boolean;
}

/** The failure of a script as people see it: what, where, why and how to go on. */
export function migrationFailed({ address, tracked, error, rolledBack }: FailedScript): RehomeError {
  const { failure } = error;
  const where = `${address.server.name}/${address.database}, schema ${tracked.schema}`;
  const why = failure.sqlState === undefined ? failure.message : `${failure.message} (SQLSTATE ${failure.sqlState})`;
  const left = rolledBack
    ? 'It was rolled back whole; what was applied before it stands.'
    : 'It runs outside a transaction: its statements before this one stand, and the next apply goes on after them.';
  const detail = `${titleOf(tracked)} failed at ${where}: ${failure.path}:${String(failure.line)} ${why}. ${left} Correct the script, push the project and apply again`;
  const { app, version, schema } = tracked;
  const { path, line } = failure;
  return new RehomeError('MIGRATION_FAILED', detail, {
    cause: error,
    ...(failure.sqlState === undefined ? {} : { sqlState: failure.sqlState }),
    facts: { app, version, schema, path, line, statement: excerptOf(failure.statement, SHOWN) },
  });
}
