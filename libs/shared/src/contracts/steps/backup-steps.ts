import type { PreflightCheck } from '../preflight.js';
import type { DatabaseAddress, SecretRef, ServerEndpoint } from '../registry.js';
import type { DatabaseFacts } from './database-facts.js';
import type { ToolFacts } from './inspection-steps.js';
import type { VerifyCopyResult } from './verification-steps.js';

/** How the files of a dump are packed. `zstd` and `lz4` take PostgreSQL's tools of 16 or newer, built with them. */
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
  /** What these tools will pack by: what was asked for, or gzip where they cannot; a check says so. */
  readonly compression?: Compression;
}

/** Backs the database up while it is used, and records what it held at that moment. */
export interface BackUpDatabaseParams {
  readonly source: DatabaseAddress;
  readonly label: string;
  readonly tier: string;
  readonly compression: Compression;
  readonly schemas?: readonly string[];
  readonly jobs: number;
  /** Once it is finished its undo leaves it: it is needed most when something is taken back. Only one that is damaged goes. */
  readonly kept?: boolean;
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

/** What a dump of somebody else may be: what `pg_dump --format` makes. */
export type DumpFormat = 'plain' | 'custom' | 'directory' | 'tar';

/** Which backup a restore takes: one by its id, a file of somebody else, or the newest that fits and is not damaged. */
export interface BackupChoice {
  readonly backupId?: string;
  /** Absolute, below the executor's backup roots. */
  readonly file?: string;
  readonly latest?: {
    /** Registry name and database that it was made of; any when absent. */
    readonly server?: string;
    readonly database?: string;
    readonly tier?: string;
    readonly label?: string;
  };
}

/** Finds the backup, checks its files and judges the target. Changes nothing. */
export interface InspectRestoreParams {
  readonly backup: BackupChoice;
  readonly target: DatabaseAddress;
  /** Only these; everything that the backup holds when absent. */
  readonly schemas?: readonly string[];
  /** Who shall own the database; the owner it had when absent. */
  readonly owner?: string;
}

/** The backup that was found, as the plan pins it. */
export interface FoundBackup {
  readonly backupId: string;
  readonly server: string;
  readonly database: string;
  readonly label: string;
  readonly tier: string;
  readonly status: string;
  /** RFC 3339: the moment that it shows. */
  readonly takenAt: string;
  readonly manifestHash: string;
  /** Of the whole database, when it was backed up. */
  readonly sizeBytes: string;
  /** Who owned it. */
  readonly owner: string;
}

export interface InspectRestoreResult {
  readonly checks: readonly PreflightCheck[];
  /** Absent when none was found, or its files are not whole; a check says why. */
  readonly backup?: FoundBackup;
  /** Instead of it, when a file was asked for. */
  readonly file?: FoundFile;
}

/** A dump that Rehome did not make, as the plan pins it. */
export interface FoundFile {
  /** All links resolved. */
  readonly path: string;
  readonly format: DumpFormat;
  readonly gzipped: boolean;
  readonly sizeBytes: string;
  /** Of its bytes; of a directory that of its files' names and hashes. */
  readonly sha256: string;
  /** Of the backup that a move made, which has no record either. */
  readonly backupId?: string;
}

/** Restores a dump that has no record, because Rehome did not make it or a move did, into a database under a working name; everything belongs to the role. */
export interface RestoreFileParams {
  readonly path: string;
  /** Whose dump it is: it lies where the catalogue says, and every file of it is checked. */
  readonly backupId?: string;
  readonly format: DumpFormat;
  /** As it was inspected: what was changed since is not restored. */
  readonly sha256: string;
  readonly server: ServerEndpoint;
  /** Final name; the working name is made from it. */
  readonly database: string;
  readonly role: string;
  /** Password of the role when it has to be created. */
  readonly roleSecretRef?: SecretRef;
  /** Only what lies in these, of an archive; everything when absent. */
  readonly schemas?: readonly string[];
  readonly jobs: number;
}

export type RestoreFileResult = RestoreBackupResult;

/** Restores a backup into a database under a working name, with owners, grants and settings as recorded. */
export interface RestoreBackupParams {
  readonly backupId: string;
  readonly server: ServerEndpoint;
  /** Final name; the working name is made from it. */
  readonly database: string;
  /** Owns the database and everything that its recorded owner owned; that owner itself when absent. */
  readonly role?: string;
  /** Password of the role when it has to be created; without one it is created without the right to log in. */
  readonly roleSecretRef?: SecretRef;
  readonly schemas?: readonly string[];
  readonly jobs: number;
}

export interface RestoreBackupResult {
  readonly workingName: string;
  /** Entries of the archive. */
  readonly items: number;
  /** Roles this step created, so that its undo drops only those. */
  readonly createdRoles: readonly string[];
}

/** Compares a restored database with the record of its backup. */
export interface VerifyRestoreParams {
  readonly backupId: string;
  readonly server: ServerEndpoint;
  readonly workingName: string;
  readonly role: string;
  readonly schemas?: readonly string[];
  readonly jobs: number;
}

export interface VerifyRestoreResult extends VerifyCopyResult {
  readonly backupId: string;
}

/** Removes backups that a clean-up named. */
export interface RemoveBackupsParams {
  readonly backupIds: readonly string[];
}

export interface RemoveBackupsResult {
  readonly removed: readonly string[];
}
