import type { AppliedMigration, ValidateDatabaseResult } from './steps/project-steps.js';
import type { MigrationName, MigrationStatus, ProjectDefinition } from './projects.js';

/** A project in a list. */
export interface ProjectSummaryAnswer {
  readonly name: string;
  readonly digest: string;
  /** Aliases, in the order they are migrated. */
  readonly databases?: readonly string[];
  readonly migrations?: number;
}

/** Answer of `PUT` and `GET /v1/projects/{name}`. */
export interface ProjectAnswer {
  readonly name: string;
  /** SHA-256 over names and contents of its files. */
  readonly digest: string;
  readonly definition: ProjectDefinition;
  /** In the order in which they are applied. */
  readonly migrations: readonly ProjectMigrationAnswer[];
  /** Of the linter. */
  readonly findings: readonly ProjectFindingAnswer[];
}

export interface ProjectMigrationAnswer extends MigrationName {
  /** `app/version`. */
  readonly id: string;
  /** Alias of the database that holds what it touches. */
  readonly home: string;
  readonly requires: readonly string[];
  /** Tables that it makes, and all that it touches. */
  readonly creates: readonly string[];
  readonly touches: readonly string[];
  readonly phase?: 'expand' | 'contract';
  readonly transactional: boolean;
  /** Whether it has a down script. */
  readonly reversible: boolean;
  readonly checksum: string;
}

export interface ProjectFindingAnswer {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly reason: string;
  readonly safeWay: string;
  readonly advice?: true;
}

/** What became of one migration on one database at one time: a row of `GET /v1/projects/{name}/history`. */
export interface ProjectHistoryEntry extends MigrationName {
  /** Alias. */
  readonly database: string;
  readonly status: MigrationStatus;
  /** Over all schemas; null where it did not get through. */
  readonly executionTimeMs: number | null;
  readonly appliedBy: string;
  /** RFC 3339: when it was applied, failed or was taken back. */
  readonly appliedAt: string;
  /** Rehome's migration that did it: its report tells more. */
  readonly migrationId: string;
  /** Why it failed. */
  readonly detail?: string;
}

/** `result` of an apply: also of one that was taken back, then of what stands nevertheless. */
export interface ApplyResultAnswer {
  readonly project: string;
  readonly digest: string;
  /** How many migrations were applied or recorded, over all databases; absent when it was taken back. */
  readonly applied?: number;
  readonly databases: readonly AppliedDatabaseAnswer[];
  /** Reason by alias. */
  readonly leftOut?: Readonly<Record<string, string>>;
  /** What the validation afterwards found. */
  readonly warnings?: readonly string[];
}

export interface AppliedDatabaseAnswer {
  readonly alias: string;
  readonly server: string;
  readonly database: string;
  readonly migrations: readonly AppliedMigration[];
  /** Of the backup made before. */
  readonly backupId?: string;
  /** The one that did not get through. */
  readonly failed?: MigrationName;
}

/** `result` of a validate: the sums are over all databases. */
export interface ValidateResultAnswer {
  readonly project: string;
  readonly passed: number;
  readonly failed: number;
  readonly notApplicable: number;
  readonly databases: readonly ValidateDatabaseResult[];
}
