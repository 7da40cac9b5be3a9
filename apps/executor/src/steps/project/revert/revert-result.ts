import type { RevertMigrationParams, RevertMigrationResult } from '#shared/contracts/steps/project-steps.js';
import { readTracking, type TrackingRow } from '../../../projects/tracking/tracking-rows.js';
import type { Session } from '../../../postgres/session.js';

/** Rows of the version in the schemas of the step. */
export async function readReverted(session: Session, params: RevertMigrationParams): Promise<TrackingRow[]> {
  const { migration, database, project } = params;
  const rows = await readTracking(session, project.name);
  return rows.filter(
    ({ app, version, schema }) =>
      app === migration.app && version === migration.version && database.schemas.includes(schema),
  );
}

export function isRolledBack({ status }: TrackingRow): boolean {
  return status === 'rolled_back';
}

export function resultOf(
  { database, migration }: RevertMigrationParams,
  rows: readonly TrackingRow[],
  fingerprint: string,
): RevertMigrationResult {
  const { alias, address } = database;
  const reverted = rows.filter(isRolledBack);
  return {
    ...{ alias, server: address.server.name, database: address.database, migration, status: 'rolled_back' },
    schemas: reverted.length,
    executionTimeMs: reverted.reduce((sum, { executionTimeMs }) => sum + executionTimeMs, 0),
    fingerprint,
  };
}
