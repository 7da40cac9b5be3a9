import type { JsonObject } from '../json.js';
import type { DatabaseAddress, SecretRef, ServerEndpoint } from '../registry.js';
import type { ExtensionFact, RoleFact } from './database-facts.js';

/** Takes the before-images that later undos need, before anything is changed. */
export interface CaptureSourceParams {
  readonly source: DatabaseAddress;
  /** Compared with the structure now: drift since inspection is refused here. */
  readonly fingerprint: string;
}

export interface CaptureSourceResult {
  readonly owner: string;
  readonly connectionLimit: number;
  readonly allowConnections: boolean;
  /** `datacl` as text, null when it is the default. */
  readonly acl: string | null;
  /** Names of subscriptions that were enabled. */
  readonly enabledSubscriptions: readonly string[];
}

/** Creates the application role (when missing) and the database under a migration-specific name with a marker. */
export interface CreateDatabaseParams {
  readonly server: ServerEndpoint;
  /** Final name; the working name is made from it. */
  readonly database: string;
  readonly role: string;
  /** Password of the role, when it has to be created. */
  readonly roleSecretRef?: SecretRef;
  /** Without a reference the role keeps its password: what this server stores of it is copied. */
  readonly passwordFrom?: RoleAddress;
  /** Role that owns the database at the source; its grants and policies are mapped to `role`. */
  readonly sourceOwner: string;
  readonly roles: readonly RoleFact[];
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  readonly localeProvider: string;
  readonly icuLocale?: string;
  readonly extensions: readonly ExtensionFact[];
}

/** A role of a server. */
export interface RoleAddress {
  readonly server: ServerEndpoint;
  readonly role: string;
}

export interface CreateDatabaseResult {
  /** `odoo_acme__r1a2b3c4d_1`, at most 63 bytes. */
  readonly workingName: string;
  /** Roles this step created, so that its undo drops only those. */
  readonly createdRoles: readonly string[];
}

/** Lets nobody but the administrator in, and proves it: ownership moved, connection limit 0, sessions ended, locks and prepared transactions empty. */
export interface FenceSourceParams {
  readonly source: DatabaseAddress;
  readonly captured: CaptureSourceResult;
  readonly fingerprint: string;
  /** The application's own login, when the registry knows its password: it must be refused when it really tries. */
  readonly login?: { readonly user: string; readonly secretRef: SecretRef };
}

export interface FenceSourceResult {
  readonly method: 'ownership-and-limit' | 'revoke-per-grantor';
  readonly terminatedSessions: number;
  /** Login roles that could reach the database before, each with the answer of `has_database_privilege` or of a real attempt now. */
  readonly refused: readonly { readonly role: string; readonly evidence: string }[];
  /** `pg_current_wal_lsn()` after the last session ended. */
  readonly lsn: string;
}

/** Backup labelled `pre_migration` in directory format, with a manifest of hashes. */
export interface DumpDatabaseParams {
  readonly source: DatabaseAddress;
  readonly label: string;
  readonly jobs: number;
}

export interface DumpDatabaseResult {
  readonly backupId: string;
  readonly label: string;
  readonly bytes: string;
  readonly files: number;
  /** SHA-256 of the manifest, which holds size and SHA-256 of each file. */
  readonly manifestHash: string;
  readonly toolVersion: string;
}

export interface RestoreDatabaseParams {
  readonly server: ServerEndpoint;
  readonly workingName: string;
  /** Looked up again in the backup catalogue; its manifest is checked before the first statement. */
  readonly backupId: string;
  readonly role: string;
  readonly sourceOwner: string;
  readonly jobs: number;
  /**
   * Everything is restored as `role` and belongs to it. For a source whose owner is a superuser there: its code would
   * run as one here.
   */
  readonly asRole?: boolean;
}

export interface RestoreDatabaseResult {
  readonly backupId: string;
  readonly items: number;
}

/** Owners, grants, default privileges and policy roles as at the source, the source owner mapped to the target role. */
export interface ApplyPrivilegesParams {
  readonly source: DatabaseAddress;
  readonly server: ServerEndpoint;
  readonly workingName: string;
  readonly role: string;
  readonly sourceOwner: string;
}

export interface ApplyPrivilegesResult {
  readonly statements: number;
}

/** Settings of the database and of roles in it; pg_dump leaves them out without `--create`. */
export interface CopySettingsParams {
  readonly source: DatabaseAddress;
  readonly server: ServerEndpoint;
  readonly workingName: string;
  readonly role: string;
  readonly sourceOwner: string;
  /** Of the source database, before the fence. */
  readonly captured: CaptureSourceResult;
}

export interface CopySettingsResult {
  readonly settings: readonly string[];
}

/** Renames the verified database to its final name. */
export interface PublishDatabaseParams {
  readonly server: ServerEndpoint;
  readonly workingName: string;
  readonly database: string;
}

export interface PublishDatabaseResult {
  readonly database: string;
}

/** After the point of no return: the source stays fenced, gets another name, and is never dropped here. */
export interface RetireSourceParams {
  readonly source: DatabaseAddress;
  readonly captured: CaptureSourceResult;
}

export interface RetireSourceResult {
  readonly retiredName: string;
  /** Migration that had published it, when it was the target of one: a return gives its mark back. */
  readonly markedBefore?: string;
  readonly evidence: JsonObject;
}

/** Brings the source that a move put aside back: its old name, owner, grants and limit as they were captured. */
export interface ReinstateSourceParams {
  /** Server and old name. */
  readonly source: DatabaseAddress;
  readonly retiredName: string;
  /** Before the fence of the move that put it aside. */
  readonly captured: CaptureSourceResult;
  /** The move that put it aside. */
  readonly retiredBy: string;
  /** See `RetireSourceResult`. */
  readonly markedBefore?: string;
}

export interface ReinstateSourceResult {
  readonly database: string;
}

/** Drops what a finished move put aside: only under its own mark, and only beside a verified backup whose files are whole. */
export interface DropRetiredParams {
  readonly retired: DatabaseAddress;
  /** That put it aside, and whose mark it must carry. */
  readonly migrationId: string;
  readonly backupId: string;
}

export interface DropRetiredResult {
  readonly dropped: string;
  readonly backupId: string;
  /** SHA-256 of the backup's manifest, whose files were hashed again right before the drop. */
  readonly manifestHash: string;
}
