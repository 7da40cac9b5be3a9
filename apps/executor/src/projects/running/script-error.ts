import { types } from 'node:util';
import { errorCodeOf } from '#shared/database/postgres-errors.js';
import type { SqlScript, SqlStatement } from '#shared/projects/migration-file.js';
import type { ScriptFailure } from '../tracking/migration-errors.js';

/** Waits for a lock that took too long, and deadlocks: the only failures that another try of the same thing mends. */
const LOCK_STATES: ReadonlySet<string> = new Set(['55P03', '40P01']);
/** Of the session or the server, not of the script: connection, shutdown, full disk, no connection left, serialization. */
const NOT_OF_THE_SCRIPT = ['08', '57P', '53100', '53300', '40001', '25006'];
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** PostgreSQL refused a statement of a script. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';

  constructor(
    readonly failure: ScriptFailure,
    cause?: unknown,
  ) {
    super(failure.message, { cause });
  }

  get isLockWait(): boolean {
    return this.failure.sqlState !== undefined && LOCK_STATES.has(this.failure.sqlState);
  }
}

/** The error of a statement with its place in the file; any other error as it is. */
export function inScript(script: SqlScript, statement: SqlStatement, error: unknown): unknown {
  const sqlState = errorCodeOf(error);
  if (!types.isNativeError(error) || sqlState === undefined || !SQLSTATE.test(sqlState)) return error;
  if (NOT_OF_THE_SCRIPT.some((prefix) => sqlState.startsWith(prefix))) return error;
  const line = statement.line + linesBefore(statement.text, positionOf(error));
  const failure = { path: script.path, line, sqlState, message: error.message, statement: statement.text };
  return new ScriptError(failure, error);
}

/** Lines of a statement before the character that PostgreSQL points at. */
function linesBefore(text: string, position: number): number {
  return text.slice(0, Math.max(0, position - 1)).split('\n').length - 1;
}

function positionOf(error: object): number {
  const position = 'position' in error ? Number(error.position) : NaN;
  return Number.isSafeInteger(position) ? position : 1;
}
