import type { PreflightCheck } from '../preflight.js';
import type { DatabaseAddress, ServerEndpoint } from '../registry.js';
import type { DatabaseFacts, ToolFacts } from './inspection-steps.js';
import type { VerifyCopyResult } from './verification-steps.js';

/** How the files of a dump are packed. `zstd` and `lz4` take PostgreSQL's tools of 16 or newer. */
export const COMPRESSIONS = ['gzip', 'zstd', 'lz4', 'none'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** Reads the database that is to be backed up, the tools and the room. Changes nothing. */
export interface InspectBackupParams {
  readonly source: DatabaseAddress;
  readonly compression: Compression;
  /** Absent for the whole database. */
  readonly schemas?: readonly string[];
}

export interface InspectBackupResult {
  readonly checks: readonly PreflightCheck[];
  /** Absent when the database could not be reached; a check says why. */
  readonly database?: DatabaseFacts;
  readonly tools?: ToolFacts;
}

/** Backs the database up while it is used, and records what it held at that moment. */
export interface BackUpDatabaseParams {
  readonly source: DatabaseAddress;
  readonly label: string;
  readonly tier: string;
  readonly compression: Compression;
  readonly schemas?: readonly string[];
  readonly jobs: number;
}

export interface BackUpDatabaseResult {
  readonly backupId: string;
  readonly label: string;
  readonly tier: string;
  /** Below the executor's work root. */
  readonly directory: string;
  readonly bytes: string;
  readonly files: number;
  /** SHA-256 of the manifest, which holds size and SHA-256 of each file. */
  readonly manifestHash: string;
  readonly toolVersion: string;
  readonly compression: string;
  readonly tables: number;
  readonly rows: string;
  /** Of the moment that the backup shows. */
  readonly contentDigest: string;
  readonly structureDigest: string;
}

/** Checks every file of a backup and compares a restore of it, into a database of its own, with its record. */
export interface VerifyBackupParams {
  readonly backupId: string;
  /** Where the scratch database is made and dropped again. */
  readonly server: ServerEndpoint;
  readonly jobs: number;
}

export interface VerifyBackupResult extends VerifyCopyResult {
  readonly backupId: string;
}

/** Gives a backup another tier: how long it is kept. */
export interface PromoteBackupParams {
  readonly backupId: string;
  readonly tier: string;
  /** The tier it has; what the undo sets again. */
  readonly previous: string;
}

export interface PromoteBackupResult {
  readonly backupId: string;
  readonly tier: string;
}
