import type { MigrationName } from '#shared/contracts/projects.js';
import type {
  AppliedMigration,
  ApplyMigrationsParams,
  ApplyMigrationsResult,
} from '#shared/contracts/steps/project-steps.js';
import { readTracking, settles, type TrackingRow } from '../../../projects/tracking/tracking-rows.js';
import type { Session } from '../../../postgres/session.js';

/** Rows of the schemas of a step that say that nothing is left to be done, by version. */
export type Settlement = ReadonlyMap<string, readonly TrackingRow[]>;

export async function readSettlement(session: Session, params: ApplyMigrationsParams): Promise<Settlement> {
  const schemas = new Set(params.database.schemas);
  const wanted = new Map(params.migrations.map((migration) => [keyOf(migration), migration.action]));
  const settlement = new Map<string, TrackingRow[]>(params.migrations.map((migration) => [keyOf(migration), []]));
  for (const row of await readTracking(session, params.project.name)) {
    const action = wanted.get(keyOf(row));
    if (action === undefined || !schemas.has(row.schema) || !settles(row.status, action)) continue;
    settlement.get(keyOf(row))?.push(row);
  }
  return settlement;
}

/** How many schemas and versions are not settled yet. */
export function unsettled({ migrations, database }: ApplyMigrationsParams, settlement: Settlement): number {
  const settled = [...settlement.values()].flat().length;
  return migrations.length * database.schemas.length - settled;
}

/** Versions by schema that are settled, as `schema app/version`. */
export function settledKeys(settlement: Settlement): Set<string> {
  return new Set([...settlement.values()].flat().map((row) => `${row.schema} ${keyOf(row)}`));
}

export function resultOf(
  params: ApplyMigrationsParams,
  settlement: Settlement,
  fingerprint: string,
): ApplyMigrationsResult {
  return { ...placeOfResult(params), migrations: appliedMigrations(params.migrations, settlement), fingerprint };
}

export function placeOfResult({ database }: Pick<ApplyMigrationsParams, 'database'>) {
  const { alias, address } = database;
  return { alias, server: address.server.name, database: address.database };
}

/** Settled versions in the order of the step, each over all its schemas. */
export function appliedMigrations(migrations: readonly MigrationName[], settlement: Settlement): AppliedMigration[] {
  return migrations.flatMap(({ app, version, name }) => {
    const rows = settlement.get(keyOf({ app, version })) ?? [];
    const last = rows.reduce<TrackingRow | undefined>(
      (latest, row) => (latest === undefined || row.appliedAt > latest.appliedAt ? row : latest),
      undefined,
    );
    if (last === undefined) return [];
    const executionTimeMs = rows.reduce((sum, row) => sum + row.executionTimeMs, 0);
    return [
      { app, version, name, status: last.status, schemas: rows.length, executionTimeMs, appliedAt: last.appliedAt },
    ];
  });
}

export function keyOf({ app, version }: Pick<MigrationName, 'app' | 'version'>): string {
  return `${app}/${version}`;
}
