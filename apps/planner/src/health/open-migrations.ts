import type pg from 'pg';
import type { Metrics } from '#shared/observability/metrics.js';

/** Sets how many migrations are open, and for how long nothing has happened to them. Every planner tells the same. */
export async function measureOpenMigrations(reads: pg.Pool, metrics: Metrics): Promise<void> {
  const { rows } = await reads.query<{ kind: string; status: string; open: string; quiet_s: number }>(`
    select
      kind, status, count(*) as open,
      max(extract(epoch from clock_timestamp() - updated_at))::float8 as quiet_s
    from planner.migration
    where not dry_run
      and status not in ('completed', 'rolled-back', 'cancelled', 'refused')
    group by kind, status
  `);
  const quiet = new Map<string, number>();
  for (const { status, quiet_s: seconds } of rows) quiet.set(status, Math.max(seconds, quiet.get(status) ?? 0));
  metrics.setAll(
    'rehome_migrations_open',
    rows.map(({ kind, status, open }) => [{ kind, status }, Number(open)]),
  );
  metrics.setAll(
    'rehome_migrations_waiting_seconds',
    [...quiet].map(([status, seconds]) => [{ status }, seconds]),
  );
}
