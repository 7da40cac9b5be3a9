import type { PreflightCheck } from '../preflight.js';
import type { UncoveredMigration } from '../project-coverage.js';
import type {
  DatabaseHealth,
  MigrationAction,
  MigrationName,
  MigrationStatus,
  PendingMigration,
  ValidationCategory,
} from '../projects.js';
import type { DatabaseAddress, ServerEndpoint } from '../registry.js';

/** Which bytes a step works from: executors read them by digest and check it. */
export interface ProjectPin {
  readonly name: string;
  /** SHA-256 over names and contents of the project's files, lower-case hex. */
  readonly digest: string;
}

/** One database of a request, as it was asked for. */
export interface SelectedDatabase {
  readonly alias: string;
  /** Only migrations of these apps; of all when absent. */
  readonly apps?: readonly string[];
  /** Version up to which it is migrated, with what that needs; the latest when absent. */
  readonly to?: string;
  readonly fakeTo?: string;
  readonly fakeInitial?: boolean;
}

/** Looks at every database of a project that is asked for, before there is a plan. Changes nothing. */
export interface InspectProjectParams {
  readonly project: ProjectPin;
  /** Every server that the project names and the registry knows. */
  readonly servers: readonly ServerEndpoint[];
  /** Absent: every database, to the latest. */
  readonly databases?: readonly SelectedDatabase[];
  /** Of a revert: what is to be taken back. Checks are made for that instead of for an apply. */
  readonly revert?: {
    readonly database: string;
    readonly version: string;
    readonly script?: string;
    /** A backup takes the place of the down script, which need not be there. */
    readonly restore?: boolean;
  };
  /** Whether backups will be made: their tools and the room for them are judged. */
  readonly backup: boolean;
}

export interface InspectedDatabase {
  readonly alias: string;
  readonly address: DatabaseAddress;
  /** Which are migrated, patterns resolved. */
  readonly schemas: readonly string[];
  /** Owns what is made; named by the project or the owner of the database. */
  readonly owner: string;
  /** Owns the database itself, where that is another: a restore keeps it. */
  readonly databaseOwner?: string;
  readonly application?: string;
  /** The application lacks rights that an apply gives: it is due, also with nothing pending. */
  readonly lacksGrants?: true;
  readonly sizeBytes: string;
  readonly applied: number;
  /** In the order in which they are applied; the same for every schema but those that are already further. */
  readonly pending: readonly PendingMigration[];
  /** Fingerprint of the structure, ours excluded. */
  readonly fingerprint: string;
}

export interface InspectProjectResult {
  readonly checks: readonly PreflightCheck[];
  /** Aliases that the router names: every one must be asked for. */
  readonly routed: readonly string[];
  /** Of those that were asked for: migrations at home there whose app was not. Absent like empty: none. */
  readonly uncovered?: readonly UncoveredMigration[];
  /** Of those that were asked for and could be read, in the project's order. */
  readonly databases: readonly InspectedDatabase[];
  /** Of a revert. */
  readonly revert?: RevertedMigration;
  readonly commands: readonly {
    readonly name: string;
    readonly database: string;
    readonly argv: readonly string[];
    readonly when: 'before' | 'after';
    readonly runs?: 'always' | 'with-migrations';
  }[];
}

export interface RevertedMigration extends MigrationName {
  readonly action: MigrationAction;
  readonly status: MigrationStatus;
  readonly hasDown: boolean;
}

/** Where migrations are applied, and as whom. */
export interface MigratedDatabase {
  readonly alias: string;
  readonly address: DatabaseAddress;
  readonly schemas: readonly string[];
  readonly owner: string;
  readonly application?: string;
  readonly settings: Readonly<Record<string, string>>;
  /** It was made for a rehearsal: what happens to it counts nowhere, and must not reach beyond it. */
  readonly copy?: true;
}

/** Builds what the faked migrations would have made on a scratch database and compares it with what is there. */
export interface ProveFakesParams {
  readonly project: ProjectPin;
  readonly database: MigratedDatabase;
  readonly migrations: readonly PendingMigration[];
}

export interface ProveFakesResult {
  /** `app/version_name`. */
  readonly faked: readonly string[];
  /** Objects that were compared: tables, columns, indexes, constraints and so on. */
  readonly objects: number;
  /** SHA-256 of the structure that both hold. */
  readonly structureDigest: string;
}

/** Applies migrations in order, each with its tracking row in one transaction where the file allows one. */
export interface ApplyMigrationsParams {
  readonly project: ProjectPin;
  readonly database: MigratedDatabase;
  readonly migrations: readonly PendingMigration[];
  /** Who asked: `key:deploy`. Written into the tracking row. */
  readonly appliedBy: string;
}

/** One migration, over all schemas of the database. */
export interface AppliedMigration extends MigrationName {
  readonly status: MigrationStatus;
  readonly schemas: number;
  /** Sum over the schemas, milliseconds. */
  readonly executionTimeMs: number;
  /** RFC 3339, of the last schema. */
  readonly appliedAt: string;
}

export interface ApplyMigrationsResult {
  readonly alias: string;
  readonly server: string;
  readonly database: string;
  readonly migrations: readonly AppliedMigration[];
  /** Of the structure afterwards; drift is told by it. */
  readonly fingerprint: string;
}

/** What the undo of apply-migrations answers: each migration is whole or not there, and what is there stays. */
export interface KeptMigrations {
  readonly alias: string;
  readonly server: string;
  readonly database: string;
  /** Committed by this step; they stand. */
  readonly kept: readonly AppliedMigration[];
  /** The one that did not get through, recorded as `failed`. */
  readonly failed?: MigrationName;
}

/** Runs a down script, or a script of the project's instead of it, and marks the version `rolled_back`. */
export interface RevertMigrationParams {
  readonly project: ProjectPin;
  readonly database: MigratedDatabase;
  readonly migration: MigrationName;
  /** Path in the project: an emergency script in place of the down script. */
  readonly script?: string;
  readonly revertedBy: string;
}

export interface RevertMigrationResult {
  readonly alias: string;
  readonly server: string;
  readonly database: string;
  readonly migration: MigrationName;
  readonly status: 'rolled_back';
  readonly schemas: number;
  readonly executionTimeMs: number;
  readonly fingerprint: string;
}

/** Puts a restored database in the place of the live one, which is kept aside under another name. */
export interface SwapDatabaseParams {
  readonly address: DatabaseAddress;
  /** Of the restored one. */
  readonly workingName: string;
  /** What must be marked `rolled_back` in the restored one; the tracking rows of the backup are older than it. */
  readonly project: ProjectPin;
  readonly migration: MigrationName;
  readonly schemas: readonly string[];
  readonly revertedBy: string;
}

export interface SwapDatabaseResult {
  /** Name of the database that was live, kept aside. */
  readonly keptAs: string;
}

/** Runs an allow-listed program of the project's beside its database. */
export interface RunCommandParams {
  readonly project: ProjectPin;
  readonly name: string;
  readonly database: MigratedDatabase;
  readonly argv: readonly string[];
}

export interface RunCommandResult {
  readonly name: string;
  readonly exitCode: 0;
  /** Last lines of what it said, redacted. */
  readonly output: readonly string[];
  readonly durationMs: number;
}

/** Runs the checks of the asked categories. Changes nothing. */
export interface ValidateDatabaseParams {
  readonly project: ProjectPin;
  readonly database: MigratedDatabase;
  readonly categories: readonly ValidationCategory[];
}

export interface CheckOutcome {
  readonly name: string;
  readonly category: ValidationCategory;
  /** `not-applicable`: there is nothing here that it could be about. */
  readonly outcome: 'passed' | 'failed' | 'not-applicable';
  /** How many findings; 0 unless it failed. */
  readonly count: number;
  /** Objects or keys, at most 10; no content of rows. None where a project's check names its findings otherwise. */
  readonly samples: readonly string[];
  readonly message: string;
  /** What to do, where it failed. */
  readonly remedy?: string;
}

export interface ValidateDatabaseResult {
  readonly alias: string;
  readonly server: string;
  readonly database: string;
  readonly passed: number;
  readonly failed: number;
  readonly notApplicable: number;
  readonly checks: readonly CheckOutcome[];
}

/** Runs each version up, down and up again on a scratch database, and tells what that leaves behind as a check. */
export interface ProveRevertsParams {
  readonly project: ProjectPin;
  readonly database: MigratedDatabase;
}

/** Looks at every database of the project: reachable, tables, status, pending, drift. Changes nothing. */
export interface CheckHealthParams {
  readonly project: ProjectPin;
  readonly servers: readonly ServerEndpoint[];
  /** Aliases; every database when absent. */
  readonly databases?: readonly string[];
}

export interface CheckHealthResult {
  readonly healthy: boolean;
  readonly databases: readonly DatabaseHealth[];
}
