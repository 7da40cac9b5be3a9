import type { JsonObject } from '#shared/contracts/json.js';
import type { ServerDefinition } from '#shared/contracts/registry.js';
import type { ProjectPin } from '#shared/contracts/steps/project-steps.js';
import type { CataloguedBackup } from './backup-registry.js';

/** A database of a project, as far as a plan is made from it. */
export interface RegisteredDatabase {
  readonly alias: string;
  /** Registry name. */
  readonly server: string;
  readonly database: string;
  readonly owner?: string;
  readonly application?: string;
  readonly schemas: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
  /** Apps of which at least one migration is at home here: a request that leaves one out would forget it. */
  readonly apps: readonly string[];
}

/** `MigrationRequested.registry` of whatever is asked of a project: its bytes and servers as they stood then. */
export interface ProjectRegistry {
  readonly project: ProjectPin;
  /** In the project's order. */
  readonly databases: readonly RegisteredDatabase[];
  /** Every server that the databases name. */
  readonly servers: readonly ServerDefinition[];
  /** Registry names of the services that use the databases. */
  readonly services: readonly string[];
  /** Of a revert by a restore: the backup that takes the database's place. */
  readonly backup?: CataloguedBackup & { readonly createdAt: string };
}

/** @throws RangeError naming the entry that is missing from the snapshot that intake wrote. */
export function readProjectRegistry(registry: JsonObject): ProjectRegistry {
  for (const name of ['project', 'databases', 'servers', 'services'])
    if (registry[name] === undefined) throw new RangeError(`the registry snapshot of a project lacks "${name}"`);
  return registry as unknown as ProjectRegistry;
}
