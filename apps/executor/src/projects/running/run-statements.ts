import type { SqlScript, SqlStatement } from '#shared/projects/migration-file.js';
import type { Session } from '../../postgres/session.js';
import { inScript, ScriptError } from './script-error.js';

/**
 * Runs the statements of a script one by one, in the caller's transaction and as its role.
 * @throws ScriptError with file and line; other errors are of the session.
 */
export async function runStatements(session: Session, script: SqlScript, signal: AbortSignal): Promise<void> {
  for (const statement of script.statements) {
    signal.throwIfAborted();
    await runStatement(session, script, statement);
  }
}

/** @throws as `runStatements` */
export async function runStatement(session: Session, script: SqlScript, statement: SqlStatement): Promise<void> {
  await toldWith(script, statement, session.query(statement.text));
}

/** Before the commit: what was put off runs as the owner, not as the administrator, and fails with the script. */
export const RUN_DEFERRED = 'set constraints all immediate';

/** Of work that belongs to a statement: a failure is told with its place. @throws as `runStatements` */
export async function toldWith<T>(script: SqlScript, statement: SqlStatement, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw inScript(script, statement, error);
  });
}

/**
 * Runs the queries that prove a migration: each row's first column must be neither false nor null.
 * @throws ScriptError that names the query.
 */
export async function runVerification(session: Session, script: SqlScript, signal: AbortSignal): Promise<void> {
  for (const statement of script.statements) {
    signal.throwIfAborted();
    const query = { text: statement.text, rowMode: 'array' };
    const { rows } = await toldWith(script, statement, session.query<unknown[]>(query));
    const wrong = rows.filter(([first]) => first === false || first === null).length;
    if (wrong === 0) continue;
    const message = `${String(wrong)} of ${String(rows.length)} rows of the verification are false or null`;
    throw new ScriptError({ path: script.path, line: statement.line, message, statement: statement.text });
  }
}
