import type pg from 'pg';
import type { Metrics } from '#shared/observability/metrics.js';

/** Sets how far each reader is behind the head, in positions and in time, whichever planner leads it. */
export async function measureCursorLag(reads: pg.Pool, metrics: Metrics): Promise<void> {
  const { rows } = await reads.query<{ name: string; lag: string; age_s: number }>(`
    select
      cursor.name,
      head.position - cursor.position as lag,
      coalesce(extract(epoch from clock_timestamp() - unread.recorded_at), 0)::float8 as age_s
    from ledger.cursor
    cross join ledger.head
    left join ledger.event as unread on unread.position = cursor.position + 1
  `);
  for (const { name, lag, age_s: age } of rows) {
    metrics.set('rehome_cursor_lag_positions', { cursor: name }, Number(lag));
    metrics.set('rehome_cursor_lag_seconds', { cursor: name }, age);
  }
}
