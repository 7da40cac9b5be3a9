import type { MigrationStatus } from '#shared/contracts/projects.js';
import type { SqlScript } from '#shared/projects/migration-file.js';
import { recordStatus } from '../tracking/tracking-rows.js';
import { retryLocks } from './retry-locks.js';
import { RUN_DEFERRED, runStatements, runVerification, toldWith } from './run-statements.js';
import type { RunOutcome, ScriptRun } from './schema-run.js';
import { BECOME_ADMIN, beginClean, becomeOwner } from './script-session.js';

export interface TransactionEnd {
  /** What the tracking row says after it. */
  readonly status: MigrationStatus;
  /** Proves the work, in the same transaction. */
  readonly verify?: SqlScript;
  /** Takes the row first, as the administrator: false when there is nothing to do. */
  readonly claim: () => Promise<boolean>;
}

/**
 * Runs a script and its tracking row as one transaction: both or neither, whenever the process dies. Locks in the way
 * roll it back and it is tried again.
 * @throws ScriptError when PostgreSQL refuses a statement; the transaction is rolled back then.
 */
export async function runInTransaction(run: ScriptRun, end: TransactionEnd): Promise<RunOutcome> {
  const { around, tracked } = run;
  return retryLocks(() => once(run, end), {
    signal: around.waiting,
    waited: (error) => {
      around.waited(tracked, error.message);
    },
  });
}

async function once(run: ScriptRun, end: TransactionEnd): Promise<RunOutcome> {
  const { session, around, tracked } = run;
  await beginClean(session);
  try {
    if (!(await end.claim())) {
      await session.query('rollback');
      return { outcome: 'settled' };
    }
    await around.reach('claimed', tracked);
    const executionTimeMs = await work(run, end);
    await recordStatus(session, tracked, { status: end.status, executionTimeMs });
    await around.reach('before-commit', tracked);
    await around.check();
    await session.query('commit');
    await around.reach('after-commit', tracked);
    return { outcome: 'ran', executionTimeMs };
  } catch (error) {
    await session.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** As the owner; the session is the administrator's again afterwards. */
async function work({ session, around, ...run }: ScriptRun, { verify }: TransactionEnd): Promise<number> {
  const startedAt = performance.now();
  const { lockTimeoutMs } = run.file;
  await becomeOwner(session, { schema: run.tracked.schema, database: run.database, lockTimeoutMs }, true);
  await runStatements(session, run.script, around.signal);
  if (verify !== undefined) {
    await inLast(run.script, session.query(RUN_DEFERRED));
    await runVerification(session, verify, around.signal);
    await session.query(BECOME_ADMIN);
  } else {
    await inLast(run.script, session.query(`${RUN_DEFERRED}; ${BECOME_ADMIN}`));
  }
  return performance.now() - startedAt;
}

/** What was put off fails after all statements; it is told with the last of them. */
async function inLast(script: SqlScript, work: Promise<unknown>): Promise<void> {
  const last = script.statements.at(-1);
  await (last === undefined ? work : toldWith(script, last, work));
}
