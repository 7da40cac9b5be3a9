import type { PreflightCheck } from '../preflight.js';
import type { DatabaseAddress, ServiceDefinition } from '../registry.js';

/** Reads the source side of a move: the database, its server, the tools, the work root, the service and its files. Changes nothing. */
export interface InspectMoveParams {
  readonly source: DatabaseAddress;
  /** The role the application logs in as. */
  readonly owner: string;
  /** Absent for a database without a service of ours. Templates are filled. */
  readonly service?: ServiceDefinition;
}

export interface ExtensionFact {
  readonly name: string;
  readonly version: string;
  readonly schema: string;
}

export interface RoleFact {
  readonly name: string;
  readonly canLogin: boolean;
  readonly superuser: boolean;
  readonly bypassRls: boolean;
  readonly inherit: boolean;
  readonly connectionLimit: number;
  /** Roles it is a member of, among those the database mentions. */
  readonly memberOf: readonly string[];
}

export interface DatabaseFacts {
  /** `server_version_num`: 150018. */
  readonly serverVersion: number;
  readonly owner: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** `c` libc, `i` ICU, `b` builtin. */
  readonly localeProvider: string;
  readonly icuLocale?: string;
  readonly sizeBytes: string;
  readonly tables: number;
  /** From statistics; exact counts belong to verification. */
  readonly estimatedRows: string;
  readonly sequences: number;
  readonly largeObjects: number;
  readonly extensions: readonly ExtensionFact[];
  /** Every role that owns something here, is granted something or stands in a policy; postgres itself excepted. */
  readonly roles: readonly RoleFact[];
  /** SHA-256 of the structure, our own markers excluded. */
  readonly fingerprint: string;
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
}

export interface PreflightTargetResult {
  readonly checks: readonly PreflightCheck[];
  readonly serverVersion: number;
}
