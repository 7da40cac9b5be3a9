import type { Pool } from 'pg';
import type { Metrics } from '#shared/observability/metrics.js';
import type { RegisteredProjects } from './registered-projects.js';

interface Row {
  readonly project: string;
  readonly alias: string;
  readonly healthy: boolean;
  readonly pending: number;
  readonly failed: number;
  readonly drift: number;
  readonly unseen_s: number;
}

/**
 * Sets what the last look at every database found, whoever looked; of one that was never seen, how long nobody has looked
 * at it. Every executor tells the same.
 */
export async function measureProjects(reads: Pool, registered: RegisteredProjects, metrics: Metrics): Promise<void> {
  const { rows } = await reads.query<Row>(`
    select
      project, alias, state = 'healthy' as healthy,
      (health ->> 'pendingCount')::int as pending,
      json_array_length(health -> 'failed') as failed,
      json_array_length(health -> 'drift') as drift,
      extract(epoch from clock_timestamp() - checked_at)::float8 as unseen_s
    from executor.project_health
  `);
  const gauge = (value: (row: Row) => number) =>
    rows.map((row) => [{ project: row.project, database: row.alias }, value(row)] as const);
  metrics.setAll(
    'rehome_project_healthy',
    gauge(({ healthy }) => (healthy ? 1 : 0)),
  );
  metrics.setAll(
    'rehome_project_pending',
    gauge(({ pending }) => pending),
  );
  metrics.setAll(
    'rehome_project_failed',
    gauge(({ failed }) => failed),
  );
  metrics.setAll(
    'rehome_project_drift',
    gauge(({ drift }) => drift),
  );
  metrics.setAll('rehome_project_unseen_seconds', [
    ...gauge(({ unseen_s: seconds }) => seconds),
    ...(await neverSeen(registered, rows)),
  ]);
}

async function neverSeen(registered: RegisteredProjects, rows: readonly Row[]) {
  await registered.refresh();
  const seen = new Set(rows.map(({ project, alias }) => `${project} ${alias}`));
  return registered
    .all()
    .flatMap(({ name, databases, registeredAt }) =>
      databases
        .filter((alias) => !seen.has(`${name} ${alias}`))
        .map((alias) => [{ project: name, database: alias }, (Date.now() - Date.parse(registeredAt)) / 1000] as const),
    );
}
