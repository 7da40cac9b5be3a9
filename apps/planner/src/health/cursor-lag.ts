import type pg from 'pg';
import type { Metrics } from '#shared/observability/metrics.js';

/** Sets how far each reader is behind the head, whichever planner leads it. */
export async function measureCursorLag(reads: pg.Pool, metrics: Metrics): Promise<void> {
  const { rows } = await reads.query<{ name: string; lag: string }>(`
    select cursor.name, head.position - cursor.position as lag
    from ledger.cursor
    cross join ledger.head
  `);
  for (const { name, lag } of rows) metrics.set('rehome_cursor_lag_positions', { cursor: name }, Number(lag));
}
