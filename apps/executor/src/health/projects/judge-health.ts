import type { DatabaseHealth, Drift, ProjectDatabase } from '#shared/contracts/projects.js';
import { driftOf } from '#shared/projects/decision/drift-of.js';
import { isSettled } from '#shared/projects/decision/tracked-migration.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import type { MigrationFile } from '#shared/projects/migration-file.js';
import { fullName, idOf } from '#shared/projects/version-words.js';
import type { TrackingRow } from '../../projects/tracking/tracking-rows.js';

/** What one look at a database found. */
export interface DatabaseFindings {
  /** Which are migrated, patterns resolved. */
  readonly schemas: readonly string[];
  /** Names and patterns of the project that no schema answers to. */
  readonly missingSchemas: readonly string[];
  /** Of the database, or as the project names it. */
  readonly owner: string;
  /** `schema.table`, as it would be written. */
  readonly tables: readonly string[];
  readonly missingTables: readonly string[];
  readonly missingCriticalTables: readonly string[];
  /** Whether somebody holds the lock of its migrations. */
  readonly beingMigrated: boolean;
  /** Of this project. */
  readonly standing: readonly TrackingRow[];
  /** Of the structure only. */
  readonly drift: readonly Drift[];
}

type Verdict = Pick<DatabaseHealth, 'state' | 'detail'>;
type Database = Pick<ProjectDatabase, 'alias' | 'server' | 'database' | 'minimumTables'>;

const MOST_PENDING = 20;
const MOST_TABLES = 200;

/** What a look at a database means. The verdict names what matters most; the fields tell all. */
export function judgeHealth(
  database: Database,
  project: LoadedProject,
  found: DatabaseFindings,
): Omit<DatabaseHealth, 'durationMs'> {
  const pending = pendingHere(database.alias, project, found).map(fullName);
  const applied = found.standing.filter(({ status }) => status === 'applied' || status === 'faked');
  const last = newest(applied);
  const facts = {
    alias: database.alias,
    server: database.server,
    database: database.database,
    ...(last === undefined ? {} : { currentVersion: fullName(last) }),
    applied: new Set(applied.map(fullName)).size,
    pending: pending.slice(0, MOST_PENDING),
    pendingCount: pending.length,
    failed: unique(found.standing.filter((row) => hasFailed(row, found.beingMigrated)).map(fullName)),
    drift: [...fileDrift(project, found.standing), ...found.drift],
    tables: found.tables.length,
    tableNames: found.tables.slice(0, MOST_TABLES),
    owner: found.owner,
    missingTables: found.missingTables,
    missingCriticalTables: found.missingCriticalTables,
  };
  // Without its schemas nothing is pending and nothing is missing in them.
  if (found.missingSchemas.length > 0)
    return { ...facts, state: 'unhealthy', detail: `no schema is called ${some(found.missingSchemas)}` };
  if (found.beingMigrated && pending.length > 0 && facts.failed.length === 0)
    return { ...facts, state: 'behind', detail: `being applied: ${some(pending)}` };
  return { ...facts, ...verdictOf(facts, database.minimumTables) };
}

/** A database that could not be looked into. */
export function outOfReach(
  { alias, server, database: name }: Omit<Database, 'minimumTables'>,
  verdict: Verdict,
): Omit<DatabaseHealth, 'durationMs'> {
  const nothing = { pending: [], failed: [], drift: [], missingTables: [], missingCriticalTables: [] };
  return { alias, server, database: name, ...verdict, applied: 0, pendingCount: 0, tables: 0, ...nothing };
}

/** Those at home here that are not settled in every schema. What is at home elsewhere is not missed here. */
function pendingHere(
  alias: string,
  { migrations }: LoadedProject,
  { schemas, standing }: DatabaseFindings,
): MigrationFile[] {
  const rows = new Map(standing.map((row) => [`${row.schema} ${idOf(row)}`, row]));
  return migrations
    .filter(({ home }) => home === alias)
    .filter((one) => schemas.some((schema) => !isSettled(one, rows.get(`${schema} ${one.id}`), alias)));
}

/** Once, however many schemas tell the same. */
function fileDrift(project: LoadedProject, standing: readonly TrackingRow[]): Drift[] {
  return [...new Map(driftOf(project, standing).map((drift) => [`${drift.kind} ${drift.what}`, drift])).values()];
}

function verdictOf(facts: Omit<DatabaseHealth, 'durationMs' | 'state' | 'detail'>, minimumTables: number): Verdict {
  const { missingCriticalTables, missingTables, failed, pendingCount, pending, tables, drift } = facts;
  if (missingCriticalTables.length > 0)
    return { state: 'unhealthy', detail: `critical tables are missing: ${some(missingCriticalTables)}` };
  if (failed.length > 0) return { state: 'unhealthy', detail: `failed: ${some(failed)}` };
  if (pendingCount > 0)
    return { state: 'behind', detail: `${String(pendingCount)} pending: ${some(pending, pendingCount)}` };
  if (missingTables.length > 0) return { state: 'unhealthy', detail: `tables are missing: ${some(missingTables)}` };
  if (tables < minimumTables)
    return { state: 'unhealthy', detail: `${String(tables)} tables, at least ${String(minimumTables)} are expected` };
  const [first] = drift;
  if (first !== undefined) {
    const more = drift.length === 1 ? '' : `, and ${String(drift.length - 1)} more`;
    return { state: 'drifted', detail: `${first.what}: ${first.detail}${more}` };
  }
  return { state: 'healthy', detail: 'ok' };
}

/** What runs while nobody holds the lock was cut off. */
function hasFailed({ status }: TrackingRow, beingMigrated: boolean): boolean {
  return status === 'failed' || (status === 'running' && !beingMigrated);
}

function newest(rows: readonly TrackingRow[]): TrackingRow | undefined {
  return rows.reduce<TrackingRow | undefined>(
    (last, row) => (last === undefined || row.appliedAt >= last.appliedAt ? row : last),
    undefined,
  );
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function some(names: readonly string[], total = names.length): string {
  const shown = names.slice(0, 3).join(', ');
  return total > 3 ? `${shown} and ${String(total - 3)} more` : shown;
}
