import type pg from 'pg';
import type { LedgerEvent } from '#shared/contracts/events.js';
import type { MigrationId } from '#shared/contracts/ids.js';
import { migrationOfStream } from '#shared/contracts/streams.js';
import { ledgerFailure, type LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { foldMigration } from '../migration/evolve.js';
import { isOver, type KnownState } from '../migration/migration-state.js';
import type { Projection } from './projection-runner.js';

/** Migrations that are loaded by one query and written by one statement; each may have hundreds of events. */
const TOGETHER = 32;

/**
 * `planner.migration`: one row per migration, as its whole stream tells it. Folding the streams anew for each
 * page costs indexed reads and needs no state between pages.
 */
export class MigrationListProjection implements Projection {
  readonly name = 'projection-migrations';

  constructor(
    private readonly reader: LedgerReader,
    private readonly reads: pg.Pool,
    private readonly metrics: Metrics,
  ) {}

  async apply(events: readonly LedgerEvent[]): Promise<void> {
    const touched = touchedBy(events);
    for (let from = 0; from < touched.length; from += TOGETHER) {
      const histories = await this.reader.readMigrations(touched.slice(from, from + TOGETHER));
      const states = [...histories.values()].map(foldMigration).filter((state) => state.status !== 'unknown');
      const changed = await this.put(states);
      for (const state of states) if (changed.has(state.request.migrationId) && isOver(state)) this.measureEnd(state);
    }
  }

  private measureEnd(state: KnownState): void {
    const labels = { kind: state.request.kind, status: state.status };
    this.metrics.count('rehome_migrations_total', labels);
    if ('downtimeMs' in state && state.downtimeMs > 0)
      this.metrics.observe('rehome_downtime_seconds', labels, state.downtimeMs / 1_000);
  }

  /** Those whose row changed: one that stands at its position already is of a page that came again. */
  private async put(states: readonly KnownState[]): Promise<ReadonlySet<string>> {
    try {
      const { rows } = await this.reads.query<{ migration_id: string }>(
        `
        insert into planner.migration
          (migration_id, kind, status, subject, title, requested_by, dry_run, position, created_at, updated_at)
        select *
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[],
          $8::bigint[], $9::timestamptz[], $10::timestamptz[])
        on conflict (migration_id) do update
        set status = excluded.status, position = excluded.position, updated_at = excluded.updated_at
        where migration.position < excluded.position
        returning migration_id
        `,
        columnsOf(states),
      );
      return new Set(rows.map((row) => row.migration_id));
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}

function columnsOf(states: readonly KnownState[]): unknown[][] {
  const requests = states.map(({ request }) => request);
  return [
    requests.map(({ migrationId }) => migrationId),
    requests.map(({ kind }) => kind),
    states.map(({ status }) => status),
    requests.map(({ subject }) => subject),
    requests.map(({ title }) => title),
    requests.map(({ requestedBy }) => requestedBy),
    requests.map(({ dryRun }) => dryRun),
    states.map(({ position }) => position),
    requests.map(({ requestedAt }) => requestedAt),
    states.map(({ lastAt }) => lastAt),
  ];
}

/** Only a migration's own stream changes what the list shows. */
function touchedBy(events: readonly LedgerEvent[]): readonly MigrationId[] {
  const touched = new Set<MigrationId>();
  for (const event of events) {
    const found = migrationOfStream(event.stream);
    if (found !== undefined && found.stepId === undefined) touched.add(found.migrationId);
  }
  return [...touched];
}
