import {
  SETTLED_STATUSES,
  type DatabaseHealth,
  type Drift,
  type MigrationName,
  type MigrationStatus,
  type ProjectDatabase,
} from '#shared/contracts/projects.js';

/** A row of `rehome.schema_migrations`. */
export interface StandingMigration extends MigrationName {
  readonly schema: string;
  readonly checksum: string;
  readonly status: MigrationStatus;
  /** RFC 3339. */
  readonly appliedAt: string;
}

/** A migration of the project as its files tell it. */
export interface ProjectMigration extends MigrationName {
  readonly checksum: string;
  /** Alias of the database that holds what it makes. */
  readonly home: string;
}

/** What one look at a database found. */
export interface DatabaseFindings {
  /** Which are migrated, patterns resolved. */
  readonly schemas: readonly string[];
  /** `schema.table`, as it would be written. */
  readonly tables: readonly string[];
  readonly missingTables: readonly string[];
  readonly missingCriticalTables: readonly string[];
  readonly standing: readonly StandingMigration[];
  /** Of the structure only. */
  readonly drift: readonly Drift[];
}

type Verdict = Pick<DatabaseHealth, 'state' | 'detail'>;
type Database = Pick<ProjectDatabase, 'alias' | 'server' | 'database' | 'minimumTables'>;

const MOST_PENDING = 20;

/** What a look at a database means. The verdict names what matters most; the fields tell all. */
export function judgeHealth(
  database: Database,
  migrations: readonly ProjectMigration[],
  found: DatabaseFindings,
): Omit<DatabaseHealth, 'durationMs'> {
  const pending = pendingHere(database.alias, migrations, found).map(fullName);
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
    failed: unique(found.standing.filter(({ status }) => status === 'failed' || status === 'running').map(fullName)),
    drift: [...fileDrift(migrations, found.standing), ...found.drift],
    tables: found.tables.length,
    missingTables: found.missingTables,
    missingCriticalTables: found.missingCriticalTables,
  };
  return { ...facts, ...verdictOf(facts, database.minimumTables) };
}

/** A database that could not be looked into. */
export function outOfReach(database: Database, verdict: Verdict): Omit<DatabaseHealth, 'durationMs'> {
  const { alias, server, database: name } = database;
  const nothing = { pending: [], failed: [], drift: [], missingTables: [], missingCriticalTables: [] };
  return { alias, server, database: name, ...verdict, applied: 0, pendingCount: 0, tables: 0, ...nothing };
}

/** Those at home here that are not settled in every schema. What is at home elsewhere is not missed here. */
function pendingHere(
  alias: string,
  migrations: readonly ProjectMigration[],
  { schemas, standing }: DatabaseFindings,
): ProjectMigration[] {
  const settled = new Set(
    standing
      .filter(({ status }) => SETTLED_STATUSES.includes(status))
      .map(({ schema, app, version }) => JSON.stringify([schema, app, version])),
  );
  return migrations
    .filter(({ home }) => home === alias)
    .filter(({ app, version }) => schemas.some((schema) => !settled.has(JSON.stringify([schema, app, version]))));
}

/** Applied by bytes that are no longer those of the project. */
function fileDrift(migrations: readonly ProjectMigration[], standing: readonly StandingMigration[]): Drift[] {
  const files = new Map(migrations.map((migration) => [idOf(migration), migration]));
  const applied = standing.filter(({ status }) => SETTLED_STATUSES.includes(status));
  const byId = new Map(applied.map((row) => [idOf(row), row]));
  return [...byId].flatMap(([id, row]): Drift[] => {
    const file = files.get(id);
    if (file === undefined)
      return [
        { kind: 'file-missing', what: id, detail: `${fullName(row)} was applied, and the project has no such file` },
      ];
    const changed = applied.some((other) => idOf(other) === id && other.checksum !== file.checksum);
    return changed
      ? [{ kind: 'file-changed', what: id, detail: `the file of ${fullName(file)} was changed after it was applied` }]
      : [];
  });
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

function newest(rows: readonly StandingMigration[]): StandingMigration | undefined {
  return rows.reduce<StandingMigration | undefined>(
    (last, row) => (last === undefined || row.appliedAt >= last.appliedAt ? row : last),
    undefined,
  );
}

function idOf({ app, version }: Pick<MigrationName, 'app' | 'version'>): string {
  return `${app}/${version}`;
}

function fullName({ app, version, name }: MigrationName): string {
  return `${app}/${version}_${name}`;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function some(names: readonly string[], total = names.length): string {
  const shown = names.slice(0, 3).join(', ');
  return total > 3 ? `${shown} and ${String(total - 3)} more` : shown;
}
