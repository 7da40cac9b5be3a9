import type { PreflightCheck } from '../preflight.js';
import type { DatabaseAddress, SecretRef, ServerEndpoint, ServiceDefinition } from '../registry.js';
import type { DatabaseFacts } from './database-facts.js';
import type { CaptureSourceResult } from './database-steps.js';

/** Reads the source side of a move: the database, its server, the tools, the work root, the service and its files. Changes nothing. */
export interface InspectMoveParams {
  readonly source: DatabaseAddress;
  /** The role the application logs in as; the one that owns the database when absent. */
  readonly owner?: string;
  /** Absent for a database without a service of ours. Templates are filled. */
  readonly service?: ServiceDefinition;
  /** Where it goes, when that server stands already: judged at once, before there is a plan. */
  readonly target?: InspectedTarget;
  /** The database that was put aside and is to be brought back. */
  readonly retired?: InspectedRetired;
  /** `warn`: the application's role may be a superuser, which no fence stops; an error when silent. */
  readonly superuser?: 'warn';
}

export interface InspectedTarget {
  readonly server: ServerEndpoint;
  readonly database: string;
  /** Role of the application there; called as at the source when absent. */
  readonly role?: string;
  /** Of the role; without one it keeps its password, which must be one that can be copied. */
  readonly secretRef?: SecretRef;
  /** `warn`: back to the older major that it came from, an error when silent. */
  readonly olderMajor?: 'warn';
}

export interface InspectedRetired {
  readonly source: DatabaseAddress;
  readonly retiredName: string;
  readonly captured: CaptureSourceResult;
}

export interface ToolFacts {
  /** Major of pg_dump and pg_restore, which must be the same. */
  readonly major: number;
  readonly version: string;
}

export interface InspectMoveResult {
  readonly checks: readonly PreflightCheck[];
  /** Absent when the source could not be reached; a check says why. */
  readonly database?: DatabaseFacts;
  readonly tools?: ToolFacts;
}

/** Judges the target before any downtime: extensions, encoding, collation, roles, rights, emptiness, versions. */
export interface PreflightTargetParams {
  readonly target: DatabaseAddress;
  readonly targetRole: string;
  readonly facts: DatabaseFacts;
  readonly tools: ToolFacts;
  /** `warn`: back to the older major that it came from, an error when silent. */
  readonly olderMajor?: 'warn';
}

export interface PreflightTargetResult {
  readonly checks: readonly PreflightCheck[];
  readonly serverVersion: number;
}

/** Looks at what a finished move left behind, and at the backup that must stand for it. Changes nothing. */
export interface InspectRetiredParams {
  readonly retired: DatabaseAddress;
  /** That put it aside, and whose mark it must carry. */
  readonly migrationId: string;
  readonly backupId: string;
  /** Names under which a backup of it may stand in the catalogue; see `RetiredBackup`. */
  readonly backupOf: readonly RetiredBackup[];
}

/** Before it was put aside it had another name, and only the backup that its move made holds all of it. */
export interface RetiredBackup {
  readonly server: string;
  readonly database: string;
  /** Only a backup of this migration; any when absent. */
  readonly migrationId?: string;
}

export interface InspectRetiredResult {
  readonly checks: readonly PreflightCheck[];
  /** Of the retired database; absent when there is none. */
  readonly bytes?: string;
}
