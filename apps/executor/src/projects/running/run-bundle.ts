import type { Session } from '../../postgres/session.js';
import { appliedText, readApplied, type TimedMigration } from '../tracking/tracking-rows.js';
import { RUN_DEFERRED } from './run-statements.js';
import type { ScriptRun } from './schema-run.js';
import { BECOME_ADMIN, beginAsOwner } from './script-session.js';

/** More is sent in several messages: what was refused is done again one by one. */
const BUNDLE_LIMIT = 50;

/**
 * Runs versions of one schema in a single message, each still a transaction of its own with its tracking row: on a
 * thousand schemas the round trips would take longer than the work. Commits but the last need not wait for the disk, for
 * the last one waits for all before it.
 * @param admin tells what stands, where not all was applied
 * @returns what became of as many as one message takes
 */
export async function runBundle(admin: Session, runs: readonly ScriptRun[]): Promise<BundleEnd> {
  const bundled = runs.slice(0, BUNDLE_LIMIT);
  const [first] = bundled;
  if (first === undefined) return { tried: 0, applied: [] };
  const { session, around } = first;
  await around.check();
  const tried = bundled.length;
  try {
    const text = bundled.map((run, index) => transactionText(run, index === bundled.length - 1)).join(SEPARATOR);
    const times = await timesOf(session, text);
    return { tried, applied: bundled.map(({ tracked }, index) => ({ tracked, executionTimeMs: times[index] ?? 0 })) };
  } catch {
    around.signal.throwIfAborted();
    await session.query('rollback');
    const versions = bundled.map(({ tracked }) => tracked);
    return { tried, applied: await readApplied(admin, versions) };
  }
}

export interface BundleEnd {
  readonly tried: number;
  /** The first one missing was refused, nothing after it was begun. What was wrong is found by running it by itself. */
  readonly applied: readonly TimedMigration[];
}

/** Whether a version is one transaction whose outcome needs no looking at. */
export function isBundled(run: ScriptRun | undefined): boolean {
  return run !== undefined && run.file.transactional && run.file.verify === undefined;
}

function transactionText({ database, file, script, tracked }: ScriptRun, isLast: boolean): string {
  const settings = { schema: tracked.schema, database, lockTimeoutMs: file.lockTimeoutMs };
  return [
    beginAsOwner(settings, isLast ? {} : { synchronous_commit: 'off' }),
    ...script.statements.map(({ text }) => text),
    RUN_DEFERRED,
    BECOME_ADMIN,
    appliedText(tracked, TIME_COLUMN),
    'commit',
  ].join(SEPARATOR);
}

/** On a line of its own: a statement may end in a comment. */
const SEPARATOR = '\n;\n';
const TIME_COLUMN = 'rehome_execution_time_ms';

interface Answered {
  readonly fields: readonly { readonly name: string }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** pg answers a message of many statements with a list, one result each. */
async function timesOf(session: Session, text: string): Promise<number[]> {
  const answered = (await session.query(text)) as unknown as readonly Answered[];
  return answered
    .filter(({ fields }) => fields[0]?.name === TIME_COLUMN)
    .map(({ rows }) => Number(rows[0]?.[TIME_COLUMN] ?? 0));
}
