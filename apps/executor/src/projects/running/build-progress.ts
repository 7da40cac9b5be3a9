import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from '../../postgres/session.js';

const LOOK_EVERY_MS = 500;

export interface BuildProgress {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

interface ProgressRow {
  readonly phase: string;
  readonly blocks: number;
  readonly blocksTotal: number;
  readonly lockers: number;
  readonly lockersTotal: number;
}

/**
 * Tells how far the backend is with an index while `work` runs, by `pg_stat_progress_create_index`.
 * @param watcher another session than the one that builds
 */
export async function watchBuild<T>(
  watcher: Session,
  pid: number,
  tell: (progress: BuildProgress) => void,
  work: () => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const watching = look(watcher, pid, tell, ended.signal);
  try {
    return await work();
  } finally {
    ended.abort();
    await watching;
  }
}

async function look(
  watcher: Session,
  pid: number,
  tell: (progress: BuildProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // A look that fails fails nothing: the work itself tells what is wrong.
    const row = await readProgress(watcher, pid).catch(() => undefined);
    if (row !== undefined) tell(progressOf(row));
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function progressOf(row: ProgressRow): BuildProgress {
  if (row.phase.startsWith('waiting') || row.blocksTotal === 0)
    return { done: row.lockers, total: row.lockersTotal, unit: `transactions (${row.phase})` };
  return { done: row.blocks, total: row.blocksTotal, unit: `blocks (${row.phase})` };
}

async function readProgress(watcher: Session, pid: number): Promise<ProgressRow | undefined> {
  const { rows } = await watcher.query<ProgressRow>(
    `select phase,
            blocks_done::int as blocks, blocks_total::int as "blocksTotal",
            lockers_done::int as lockers, lockers_total::int as "lockersTotal"
       from pg_stat_progress_create_index
      where pid = $1`,
    [pid],
  );
  return rows[0];
}
