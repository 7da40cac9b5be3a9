import type { MigrationStatus } from '#shared/contracts/projects.js';
import type { MigratedDatabase } from '#shared/contracts/steps/project-steps.js';
import type { StepTools } from '../running/step-tools.js';
import type { LoggedMigration } from './migration-log.js';
import type { TrackedMigration } from './tracking/tracking-rows.js';

export interface ToldMigration {
  readonly tools: Pick<StepTools, 'metrics' | 'migrationLog'>;
  readonly database: Pick<MigratedDatabase, 'alias' | 'address' | 'copy'>;
  readonly tracked: TrackedMigration;
  readonly status: MigrationStatus;
  readonly executionTimeMs: number;
  /** Why it failed. */
  readonly detail?: string;
}

/**
 * Counts a version that was run on a schema, and writes its line into the log of the day; one that was faked ran nothing,
 * one on a copy is no news.
 */
export async function tellMigration({ tools, database, ...told }: ToldMigration): Promise<void> {
  const { tracked, status, executionTimeMs, detail } = told;
  const { alias, address, copy } = database;
  if (copy === true) return;
  if (status !== 'faked') {
    const labels = { project: tracked.project, database: alias };
    tools.metrics.count('rehome_project_migrations_total', { ...labels, outcome: status });
    tools.metrics.observe('rehome_project_migration_seconds', labels, executionTimeMs / 1000);
  }
  const place = { server: address.server.name, database: address.database };
  const line: LoggedMigration = { ...tracked, ...place, status, executionTimeMs };
  await tools.migrationLog.write(detail === undefined ? line : { ...line, detail });
}
