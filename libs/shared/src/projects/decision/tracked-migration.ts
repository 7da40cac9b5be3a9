import { SETTLED_STATUSES, type MigrationName, type MigrationStatus } from '../../contracts/projects.js';
import type { MigrationFile } from '../migration-file.js';
import { idOf } from '../version-words.js';

/** A row of `rehome.schema_migrations`, as far as decisions need it. */
export interface TrackedMigration extends MigrationName {
  readonly status: MigrationStatus;
  readonly checksum: string;
}

/** The rows of one schema by id. */
export type TrackedById = ReadonlyMap<string, TrackedMigration>;

export function trackedById(rows: readonly TrackedMigration[]): TrackedById {
  return new Map(rows.map((row) => [idOf(row), row]));
}

/** Whether nothing is left to be done: what is recorded as elsewhere but lives here by now was never run. */
export function isSettled(migration: MigrationFile, row: TrackedMigration | undefined, alias: string): boolean {
  if (row === undefined || !SETTLED_STATUSES.includes(row.status)) return false;
  return row.status !== 'elsewhere' || migration.home !== alias;
}

/** Whether what a migration makes stands in this database: by itself or by a fake. */
export function standsHere(row: TrackedMigration | undefined): boolean {
  return row?.status === 'applied' || row?.status === 'faked';
}
