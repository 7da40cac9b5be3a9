import type { JsonObject } from '#shared/contracts/json.js';
import type { RetiredBackup } from '#shared/contracts/steps/inspection-steps.js';
import type { ServerDefinition } from '#shared/contracts/registry.js';

/** `MigrationRequested.registry` of a retirement: what the finished move left, and where. */
export interface RetireRegistry {
  readonly server: ServerDefinition;
  readonly retiredName: string;
  /** That put it aside, and whose mark it carries. */
  readonly migrationId: string;
  readonly backupId: string;
  /** Names under which a backup of it may stand in the catalogue. */
  readonly backupOf: readonly RetiredBackup[];
  readonly reservations: readonly string[];
}

/** @throws RangeError naming the entry that is missing from the snapshot that intake wrote. */
export function readRetireRegistry(registry: JsonObject): RetireRegistry {
  for (const name of ['server', 'retiredName', 'migrationId', 'backupId', 'backupOf', 'reservations'])
    if (registry[name] === undefined) throw new RangeError(`the registry snapshot of a retirement lacks "${name}"`);
  return registry as unknown as RetireRegistry;
}
