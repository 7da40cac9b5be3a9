/**
 * A project of versioned migrations: the folder that `rehome project push` stores, as everything after it sees it.
 * `project.yaml` is read by `projects/definition`, the files by `projects/load-project`.
 */

/** `project.yaml`. */
export interface ProjectDefinition {
  readonly name: string;
  /** In the order in which they are migrated; at least one. */
  readonly databases: readonly ProjectDatabase[];
  readonly router: RouterDefinition;
  /** Registry names of the services that use these databases; reserved while they are migrated. */
  readonly services: readonly string[];
  /** Relations that no foreign key declares, for orphan checks. */
  readonly references: readonly ConfiguredReference[];
  readonly checks: readonly ProjectCheck[];
  /** Programs that are run as steps beside our own migrations, such as `manage.py migrate`. */
  readonly commands: readonly ProjectCommand[];
  /** Whether a finding of the linter refuses a push; `warn` when silent. */
  readonly lint: 'warn' | 'error';
}

export interface ProjectDatabase {
  /** What router, requests and people call it: `results`. */
  readonly alias: string;
  /** Registry name of the server. */
  readonly server: string;
  readonly database: string;
  readonly roles: {
    /** Owns what the migrations make; the owner of the database when silent. */
    readonly owner?: string;
    /** Gets DML and the use of sequences, nothing else; no grants when silent. */
    readonly application?: string;
  };
  /** Names, or patterns with `*`: each is migrated by itself, with it first in the search path. `[public]` when silent. */
  readonly schemas: readonly string[];
  /** Set in the session of every migration: `statement_timeout: 10min`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Tables that must be there, and those without which it is not healthy at all. */
  readonly expectedTables: readonly string[];
  readonly criticalTables: readonly string[];
  /** `table.column` or `schema.table.column` in which no row may be empty. */
  readonly requiredColumns: readonly string[];
  /** Fewer tables than this are not healthy; 0 when silent. */
  readonly minimumTables: number;
  /** Names of the variables in which applications expect its address. */
  readonly environment: DatabaseVariables;
}

export interface DatabaseVariables {
  readonly host: string;
  readonly port: string;
  readonly name: string;
  readonly user: string;
  readonly password: string;
}

/** Which database holds what. A rule beats an app, the longest literal prefix beats the others, the default is last. */
export interface RouterDefinition {
  /** Alias of the database for all else. */
  readonly default: string;
  /** Alias by app: whatever its migrations make. */
  readonly apps: Readonly<Record<string, string>>;
  /** Table by model, where it is not called `<app>_<model>`: `simulation.simulationresult` → `simulation_results`. */
  readonly models: Readonly<Record<string, string>>;
  readonly rules: readonly RouterRule[];
}

export interface RouterRule {
  /** Model (`simulation.simulationresult`) or table (`simulation_results`, `audit.*`); `*` at the end matches any rest. */
  readonly match: string;
  /** Alias of a database. */
  readonly to: string;
}

/** `work_orders.user_id` means a row of `users.id`, without a foreign key that says so. */
export interface ConfiguredReference {
  /** Alias. */
  readonly database: string;
  readonly table: string;
  readonly column: string;
  readonly referencedTable: string;
  readonly referencedColumn: string;
}

export const VALIDATION_CATEGORIES = ['schema', 'indexes', 'constraints', 'data', 'security'] as const;
export type ValidationCategory = (typeof VALIDATION_CATEGORIES)[number];

/** A check of the project's own: a query whose rows are what is wrong. */
export interface ProjectCheck {
  readonly name: string;
  readonly category: ValidationCategory;
  /** Alias; every database of the project when silent. */
  readonly database?: string;
  /** One read-only statement. Each row is one finding, its first column names it: a key, never content. */
  readonly sql: string;
  /** What is wrong and what to do, shown when rows come. */
  readonly message: string;
}

export interface ProjectCommand {
  readonly name: string;
  /** Alias; its address stands in the program's PGHOST and the like, in FLYWAY_URL, and in what `environment` names. */
  readonly database: string;
  /** The program must be allow-listed at the executor. No shell. */
  readonly argv: readonly string[];
  /** Before or after the database's own migrations; `after` when silent. */
  readonly when: 'before' | 'after';
  /**
   * `with-migrations`: only where versions of ours are pending, or where there are none at all. `always` when silent: what
   * a program has to do only it knows.
   */
  readonly runs?: 'always' | 'with-migrations';
}

/** One version of one app, as the plan and the tracking table name it. */
export interface MigrationName {
  readonly app: string;
  /** Unique within the app: `0003`, `v006`. */
  readonly version: string;
  /** The rest of the file's name: `add_monitoring_tables`. */
  readonly name: string;
}

/** What becomes of a migration on a database. `elsewhere`: its objects live on another; it is recorded, nothing runs. */
export type MigrationAction = 'run' | 'fake' | 'elsewhere';

/**
 * A migration that stands before a database, and what is to be done with it. Hundreds of them must fit into an event, so what
 * is usual is left out; what its script is, the digest of the project says.
 */
export interface PendingMigration extends MigrationName {
  readonly action: MigrationAction;
  /** Each of its statements runs by itself. */
  readonly transactional?: false;
  readonly phase?: 'expand' | 'contract';
  /** `app/version` of what must be applied before, wherever it is applied; absent like empty: nothing. */
  readonly requires?: readonly string[];
  /** An earlier attempt stopped inside of it: it goes on after the last finished statement. */
  readonly interrupted?: true;
}

/** Status of a row of `rehome.schema_migrations`. `running` only stands after a crash of a non-transactional one. */
export const MIGRATION_STATUSES = ['applied', 'faked', 'elsewhere', 'running', 'failed', 'rolled_back'] as const;
export type MigrationStatus = (typeof MIGRATION_STATUSES)[number];

/** Those after which a migration is not pending any more. */
export const SETTLED_STATUSES: readonly MigrationStatus[] = ['applied', 'faked', 'elsewhere'];

/** Live structure or bookkeeping that is not what the migrations made. */
export interface Drift {
  readonly kind: 'file-changed' | 'file-missing' | 'structure';
  /** `app/version`, or the object: `table public.orders`. */
  readonly what: string;
  readonly detail: string;
}

/** `unknown`: nobody has looked at it since the project was pushed. */
export const HEALTH_STATES = [
  'healthy',
  'behind',
  'drifted',
  'unhealthy',
  'unreachable',
  'missing',
  'unknown',
] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

/** A database of a project, as the last look at it saw it. */
export interface DatabaseHealth {
  readonly alias: string;
  readonly server: string;
  readonly database: string;
  readonly state: HealthState;
  /** One sentence: what is wrong, or `ok`. */
  readonly detail: string;
  /** `app/version_name` that was applied last; absent where none was. */
  readonly currentVersion?: string;
  readonly applied: number;
  /** `app/version_name`, at most 20. */
  readonly pending: readonly string[];
  readonly pendingCount: number;
  readonly failed: readonly string[];
  readonly drift: readonly Drift[];
  readonly tables: number;
  /** `schema.table`, at most 200; of those that the last look could read. */
  readonly tableNames?: readonly string[];
  /** Role that owns what the migrations make. */
  readonly owner?: string;
  readonly missingTables: readonly string[];
  readonly missingCriticalTables: readonly string[];
  readonly durationMs: number;
}

/** What `GET /v1/projects/{name}/health` and the request kind `health` answer. */
export interface ProjectHealth {
  readonly project: string;
  readonly digest: string;
  readonly healthy: boolean;
  /** RFC 3339, of the oldest of the looks; null while one of the databases was never looked at. */
  readonly checkedAt: string | null;
  readonly databases: readonly DatabaseHealth[];
}

/** How far a database is, as the last look at it saw it. */
export type DatabaseStatus = Pick<
  DatabaseHealth,
  'alias' | 'server' | 'database' | 'state' | 'detail' | 'applied' | 'pending' | 'pendingCount' | 'failed'
> & { readonly currentVersion: string | null };

/** What `GET /v1/projects/{name}/status` answers. */
export interface ProjectStatus {
  readonly project: string;
  readonly digest: string;
  /** Whether something is pending anywhere, or may be: of a database that is missing or unknown nobody can tell. */
  readonly migrationNeeded: boolean;
  readonly checkedAt: string | null;
  readonly databases: readonly DatabaseStatus[];
}
