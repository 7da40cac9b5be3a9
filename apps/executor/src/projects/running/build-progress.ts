import type { Session } from '../../postgres/session.js';
import { lookWhile } from './look-while.js';

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
  /** Backend that is waited for; 0 when none is. */
  readonly locker: number;
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
  return lookWhile(work, async () => {
    const row = await readProgress(watcher, pid);
    if (row !== undefined) tell(progressOf(row));
  });
}

function progressOf(row: ProgressRow): BuildProgress {
  const phase = row.locker === 0 ? row.phase : `${row.phase}, pid ${String(row.locker)}`;
  if (row.phase.startsWith('waiting') || row.blocksTotal === 0)
    return { done: row.lockers, total: row.lockersTotal, unit: `transactions (${phase})` };
  return { done: row.blocks, total: row.blocksTotal, unit: `blocks (${row.phase})` };
}

async function readProgress(watcher: Session, pid: number): Promise<ProgressRow | undefined> {
  const { rows } = await watcher.query<ProgressRow>(
    `select phase,
            blocks_done::int as blocks, blocks_total::int as "blocksTotal",
            lockers_done::int as lockers, lockers_total::int as "lockersTotal",
            coalesce(current_locker_pid, 0)::int as locker
       from pg_stat_progress_create_index
      where pid = $1`,
    [pid],
  );
  return rows[0];
}
