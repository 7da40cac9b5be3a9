import type { Session } from '../../postgres/session.js';
import { lookWhile } from './look-while.js';

/**
 * Tells which backends are in the way of this run's scripts while `work` runs, and once with none when the way is free.
 * @param watcher an idle session of the run, which has the name of those that work
 */
export async function watchLocks<T>(
  watcher: Session,
  tell: (blockers: readonly number[]) => void,
  work: () => Promise<T>,
): Promise<T> {
  let told = 0;
  return lookWhile(work, async () => {
    const blockers = await readBlockers(watcher);
    if (blockers.length > 0 || told > 0) tell(blockers);
    told = blockers.length;
  });
}

/** A build of an index tells of itself whom it waits for. */
async function readBlockers(watcher: Session): Promise<number[]> {
  const { rows } = await watcher.query<{ pid: number }>(
    `with own as (
       select pid, wait_event_type
         from pg_stat_activity
        where datname = current_database() and application_name = current_setting('application_name')
     )
     select distinct blocker as pid
       from own
      cross join unnest(pg_blocking_pids(own.pid)) as blocker
      where own.wait_event_type = 'Lock'
        and blocker not in (select pid from own)
        and own.pid not in (select pid from pg_stat_progress_create_index)
      order by blocker`,
  );
  return rows.map(({ pid }) => pid);
}

/** `migrations`, or `migrations (waiting for pid 4711)` */
export function unitWaiting(unit: string, blockers: readonly number[]): string {
  return blockers.length === 0 ? unit : `${unit} (waiting for pid ${blockers.join(', ')})`;
}
