import type { JsonObject } from '#shared/contracts/json.js';
import type { ServerDefinition } from '#shared/contracts/registry.js';

/** `MigrationRequested.registry` of a backup: the server as it stood when it was asked for. */
export interface BackupRegistry {
  readonly source: ServerDefinition;
}

/** What the planner needs to know of a backup when something is asked of it. */
export interface CataloguedBackup {
  readonly backupId: string;
  readonly server: string;
  readonly database: string;
  readonly label: string;
  readonly tier: string;
  readonly bytes: string;
  /** Of the executors that hold its files; any when absent. */
  readonly site?: string;
}

/** Of requests about a backup that stands in the catalogue. */
export interface CataloguedRegistry {
  readonly backup: CataloguedBackup;
  /** The server that it came from; only a proof needs it. */
  readonly source?: ServerDefinition;
}

/** @throws RangeError when the snapshot that intake wrote lacks something. */
export function readBackupRegistry(registry: JsonObject): BackupRegistry {
  if (registry['source'] === undefined) throw new RangeError('the registry snapshot of a backup lacks "source"');
  return registry as unknown as BackupRegistry;
}

/** @throws RangeError when the snapshot that intake wrote lacks something. */
export function readCataloguedRegistry(registry: JsonObject): CataloguedRegistry {
  if (registry['backup'] === undefined) throw new RangeError('the registry snapshot lacks "backup"');
  return registry as unknown as CataloguedRegistry;
}

/** Of a clean-up: what goes, all of it at one site. */
export interface CleanUpRegistry {
  readonly remove: readonly CataloguedBackup[];
}

/** @throws RangeError when the snapshot that intake wrote lacks something. */
export function readCleanUpRegistry(registry: JsonObject): CleanUpRegistry {
  if (registry['remove'] === undefined) throw new RangeError('the registry snapshot of a clean-up lacks "remove"');
  return registry as unknown as CleanUpRegistry;
}

/** Of a restore. */
export interface RestoreRegistry {
  /** The server that it goes to. */
  readonly target: ServerDefinition;
  /** Of the executors that hold the backup's files; any when absent. */
  readonly site?: string;
  /** The database whose newest backup is taken. */
  readonly of?: { readonly server: string; readonly database: string };
  /** Other databases, as server/database, whose backups fit what was asked for. */
  readonly others?: readonly string[];
}

/** Said in the answer and in the plan: somebody may have meant another one. */
export function othersFit(others: readonly string[]): string {
  const more = others.length > 5 ? ` and ${String(others.length - 5)} more` : '';
  return `backups of ${others.slice(0, 5).join(', ')}${more} fit too: name server and database to take one of these`;
}

/** @throws RangeError when the snapshot that intake wrote lacks something. */
export function readRestoreRegistry(registry: JsonObject): RestoreRegistry {
  if (registry['target'] === undefined) throw new RangeError('the registry snapshot of a restore lacks "target"');
  return registry as unknown as RestoreRegistry;
}
