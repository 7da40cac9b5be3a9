import type { JsonObject } from '#shared/contracts/json.js';
import type {
  EntitlementsDefinition,
  InstanceDefinition,
  ServerDefinition,
  ServerEndpoint,
  ServiceDefinition,
} from '#shared/contracts/registry.js';

/** `MigrationRequested.registry` of an upgrade: the registry as it stood when the upgrade was asked for. */
export interface UpgradeRegistry {
  readonly instance: InstanceDefinition;
  /** The server that holds the tenant's database. */
  readonly source: ServerDefinition;
  /** The tenant's service, templates filled. */
  readonly service: ServiceDefinition;
  readonly entitlements: {
    /** Of the plan the tenant comes from; absent when the registry no longer knows that plan. */
    readonly from?: EntitlementsDefinition;
    readonly to: EntitlementsDefinition;
  };
  /** Every server whose administrator is known; decides what a provisioned server's user is. */
  readonly servers: readonly ServerEndpoint[];
}

/**
 * Reads the snapshot that intake wrote.
 * @throws RangeError naming the entry that is missing.
 */
export function readUpgradeRegistry(registry: JsonObject): UpgradeRegistry {
  for (const name of ['instance', 'source', 'service', 'entitlements', 'servers'])
    if (registry[name] === undefined) throw new RangeError(`the registry snapshot of an upgrade lacks "${name}"`);
  return registry as unknown as UpgradeRegistry;
}

/**
 * Whether an upgrade moves the tenant: only from a shared to a dedicated server. Entitlements that do not say
 * `dbType` mean shared.
 */
export function upgradeMoves(
  instance: Pick<InstanceDefinition, 'dbType'>,
  entitlements: Pick<EntitlementsDefinition, 'dbType'>,
): boolean {
  return instance.dbType === 'shared' && (entitlements.dbType ?? 'shared') === 'dedicated';
}

/** A server's address without what only the registry cares about. */
export function endpointOf(server: ServerDefinition): ServerEndpoint {
  const { name, host, port, adminUser, adminSecretRef, maxConcurrentSteps } = server;
  const budget = maxConcurrentSteps === undefined ? {} : { maxConcurrentSteps };
  return { name, host, port, adminUser, adminSecretRef, ...budget };
}
