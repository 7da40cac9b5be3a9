import type pg from 'pg';
import type { LedgerEvent } from '#shared/contracts/events.js';
import type { MigrationId } from '#shared/contracts/ids.js';
import { migrationOfStream } from '#shared/contracts/streams.js';
import { ledgerFailure, type LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { foldMigration } from '../migration/evolve.js';
import { isOver, type KnownState } from '../migration/migration-state.js';
import type { Projection } from './projection-runner.js';

/**
 * `planner.migration`: one row per migration, as its whole stream tells it. Folding the stream anew for each
 * migration of a page costs one indexed read and needs no state between pages.
 */
export class MigrationListProjection implements Projection {
  readonly name = 'projection-migrations';

  constructor(
    private readonly reader: LedgerReader,
    private readonly reads: pg.Pool,
    private readonly metrics: Metrics,
  ) {}

  async apply(events: readonly LedgerEvent[]): Promise<void> {
    for (const migrationId of touchedBy(events)) {
      const state = foldMigration(await this.reader.readMigration(migrationId));
      if (state.status === 'unknown') continue;
      const changed = await this.put(state);
      if (changed && isOver(state)) this.measureEnd(state);
    }
  }

  private measureEnd(state: KnownState): void {
    const labels = { kind: state.request.kind, status: state.status };
    this.metrics.count('rehome_migrations_total', labels);
    if ('downtimeMs' in state && state.downtimeMs > 0)
      this.metrics.observe('rehome_downtime_seconds', labels, state.downtimeMs / 1_000);
  }

  /** False when the row stands at this position already: the page came again. */
  private async put({ request, status, position, lastAt }: KnownState): Promise<boolean> {
    try {
      const { rowCount } = await this.reads.query(
        `
        insert into planner.migration
          (migration_id, kind, status, subject, title, requested_by, dry_run, position, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (migration_id) do update
        set status = excluded.status, position = excluded.position, updated_at = excluded.updated_at
        where migration.position < excluded.position
        `,
        [
          request.migrationId,
          request.kind,
          status,
          request.subject,
          request.title,
          request.requestedBy,
          request.dryRun,
          position,
          request.requestedAt,
          lastAt,
        ],
      );
      return rowCount === 1;
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}

/** Only a migration's own stream changes what the list shows. */
function touchedBy(events: readonly LedgerEvent[]): ReadonlySet<MigrationId> {
  const touched = new Set<MigrationId>();
  for (const event of events) {
    const found = migrationOfStream(event.stream);
    if (found !== undefined && found.stepId === undefined) touched.add(found.migrationId);
  }
  return touched;
}
