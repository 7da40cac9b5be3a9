import type { MigrationStatus } from '#shared/contracts/projects.js';
import type { JsonValue } from '#shared/contracts/json.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { SqlScript, SqlStatement } from '#shared/projects/migration-file.js';
import { inTransaction, type Session } from '../../postgres/session.js';
import {
  beginStatement,
  digestOf,
  finishStatement,
  forgetJournal,
  readJournal,
  type JournalEntry,
  type ScriptDirection,
} from '../tracking/statement-journal.js';
import { recordStatus } from '../tracking/tracking-rows.js';
import { watchBuild } from './build-progress.js';
import { loneStatement } from './lone-statement-of.js';
import { retryLocks } from './retry-locks.js';
import { RUN_DEFERRED, runStatement, runVerification, toldWith } from './run-statements.js';
import type { RunOutcome, ScriptRun } from './schema-run.js';
import { BECOME_ADMIN, prepareOwnerSession, waitingForLocks } from './script-session.js';

export interface StatementsEnd {
  readonly direction: ScriptDirection;
  readonly status: MigrationStatus;
  readonly verify?: SqlScript;
  /** Marks the version as running, by itself; false when there is nothing to do. */
  readonly claim: () => Promise<boolean>;
  /** The administrator's; never becomes the owner, shared with other schemas. */
  readonly admin: Session;
}

/**
 * Runs a script whose statements stand for themselves. Each is written down before it is sent and marked after it, so
 * that an interrupted script goes on where it stopped. Statements that may stand in a transaction share one with their mark.
 * @throws ScriptError; what was finished before stands. STEP_STATE_UNKNOWN when nobody can tell what one did.
 */
export async function runOutsideTransaction(run: ScriptRun, end: StatementsEnd): Promise<RunOutcome> {
  const { session, around, tracked, database, script } = run;
  if (!(await end.claim())) return { outcome: 'settled' };
  await around.reach('claimed', tracked);
  const startedAt = performance.now();
  const { lockTimeoutMs } = run.file;
  await prepareOwnerSession(session, { schema: tracked.schema, database, lockTimeoutMs });
  const journal = new Map(
    (await readJournal(end.admin, { ...end, migration: tracked })).map((one) => [one.ordinal, one]),
  );
  for (const [ordinal, statement] of script.statements.entries()) {
    around.signal.throwIfAborted();
    const entry = await knownEntry(run, end, { entry: journal.get(ordinal), ordinal, statement });
    if (entry === undefined) forgetFrom(journal, ordinal);
    if (entry?.finished === true) continue;
    await (statement.outsideTransaction ? runAlone : runWithMark)(run, end, { entry, ordinal, statement });
  }
  if (end.verify !== undefined) await runVerification(session, end.verify, around.signal);
  const executionTimeMs = performance.now() - startedAt;
  await settle(run, end, executionTimeMs);
  return { outcome: 'ran', executionTimeMs };
}

interface NumberedStatement {
  readonly statement: SqlStatement;
  readonly ordinal: number;
  /** Of an earlier attempt at the same statement. */
  readonly entry: JournalEntry | undefined;
}

/** A script that was corrected after its failure begins anew at its first changed statement. */
async function knownEntry(
  { tracked }: ScriptRun,
  end: StatementsEnd,
  { entry, ordinal, statement }: NumberedStatement,
): Promise<JournalEntry | undefined> {
  if (entry === undefined || entry.digest === digestOf(statement)) return entry;
  await forgetJournal(end.admin, { ...end, migration: tracked }, ordinal);
  return undefined;
}

function forgetFrom(journal: Map<number, JournalEntry>, ordinal: number): void {
  for (const known of journal.keys()) if (known >= ordinal) journal.delete(known);
}

async function runWithMark(run: ScriptRun, end: StatementsEnd, { statement, ordinal }: NumberedStatement) {
  const { session, around, tracked } = run;
  const journaled = { ...end, migration: tracked };
  await retrying(run, () =>
    inTransaction(session, async () => {
      await runStatement(session, run.script, statement);
      await toldWith(run.script, statement, session.query(`${RUN_DEFERRED}; ${BECOME_ADMIN}`));
      await beginStatement(session, journaled, { ordinal, statement, before: null });
      await finishStatement(session, journaled, ordinal);
      await around.reach('before-commit', tracked);
      await around.check();
    }),
  );
  await around.reach('after-commit', tracked);
}

async function runAlone(run: ScriptRun, end: StatementsEnd, { statement, ordinal, entry }: NumberedStatement) {
  const { session, around, tracked } = run;
  const journaled = { ...end, migration: tracked };
  const lone = loneStatement(statement, end.admin);
  const before: JsonValue = entry === undefined ? await lone.look(session) : entry.before;
  const interrupted = entry === undefined ? 'repeat' : await lone.judge(session, before);
  if (interrupted === 'unknown') throw unknownEffect(run, statement);
  if (interrupted === 'repeat') {
    await beginStatement(end.admin, journaled, { ordinal, statement, before });
    await around.reach('journaled', tracked);
    await around.check();
    await retrying(run, () => send(run, end, { statement, before }));
    await around.reach('executed', tracked);
  }
  await finishStatement(end.admin, journaled, ordinal);
  await around.reach('marked', tracked);
}

async function send(
  { session, script, around, file, database }: ScriptRun,
  { admin }: StatementsEnd,
  { statement, before }: { readonly statement: SqlStatement; readonly before: JsonValue },
): Promise<void> {
  const lone = loneStatement(statement, admin);
  const work = async (): Promise<void> => {
    await lone.clean(session, before);
    const text = (await lone.ending?.(session)) ?? statement.text;
    const { rows } = await session.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid');
    try {
      await watchBuild(
        admin,
        rows[0]?.pid ?? 0,
        (progress) => {
          around.building(progress);
        },
        () => runStatement(session, script, { ...statement, text }),
      );
    } catch (error) {
      await lone.clean(session, before).catch(() => undefined);
      throw error;
    }
  };
  // It queues before nobody: a build that gives up after two seconds begins anew, for ever.
  const patient = lone.patient && file.lockTimeoutMs === undefined && database.settings['lock_timeout'] === undefined;
  await (patient ? waitingForLocks(session, work) : work());
}

async function settle(run: ScriptRun, end: StatementsEnd, executionTimeMs: number): Promise<void> {
  const { session, around, tracked } = run;
  await inTransaction(session, async () => {
    await session.query(BECOME_ADMIN);
    await recordStatus(session, tracked, { status: end.status, executionTimeMs });
    await around.reach('before-commit', tracked);
    await around.check();
  });
  await around.reach('after-commit', tracked);
}

function retrying<T>({ around, tracked }: ScriptRun, work: () => Promise<T>): Promise<T> {
  return retryLocks(work, {
    signal: around.waiting,
    waited: (error) => {
      around.waited(tracked, error.message);
    },
  });
}

function unknownEffect({ tracked, script }: ScriptRun, { line, text }: SqlStatement): RehomeError {
  return new RehomeError(
    'STEP_STATE_UNKNOWN',
    `${script.path}:${String(line)} was interrupted in schema ${tracked.schema}, and nobody can tell whether it took effect: ${text.slice(0, 200)}. ` +
      `See what stands there; if it did, set finished_at of its row in rehome.statement_journal, else delete the row; then retry`,
    { facts: { app: tracked.app, version: tracked.version, schema: tracked.schema, path: script.path, line } },
  );
}
