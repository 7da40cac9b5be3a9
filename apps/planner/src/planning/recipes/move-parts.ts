import type { ServiceResources } from '#shared/contracts/steps/service-steps.js';
import type { DatabaseFacts, ToolFacts } from '#shared/contracts/steps/inspection-steps.js';
import type { DatabaseAddress, EntitlementsDefinition } from '#shared/contracts/registry.js';
import { fromStep } from '../from-step.js';
import { endpointOf, type UpgradeRegistry } from '../upgrade-registry.js';

/** Everything the steps of a move are written from. */
export interface MoveParts {
  readonly registry: UpgradeRegistry;
  readonly facts: DatabaseFacts;
  readonly tools: ToolFacts;
  readonly source: DatabaseAddress;
  /** The application's role at the source; its grants are mapped to the role of the target. */
  readonly sourceOwner: string;
  readonly sourceSite: string | undefined;
  readonly serviceSite: string | undefined;
}

/** Processes that dump, restore and compare at once. */
export const COPY_JOBS = 4;

export function moveParts(registry: UpgradeRegistry, facts: DatabaseFacts, tools: ToolFacts): MoveParts {
  const { instance, source, service } = registry;
  return {
    registry,
    facts,
    tools,
    source: { server: endpointOf(source), database: instance.database },
    sourceOwner: instance.owner,
    sourceSite: source.site,
    serviceSite: service.site,
  };
}

/** The provisioned server; its name, address and administrator are known once the provisioner has answered. */
export const targetServer = fromStep('provision-server', 'server');
export const targetRole = fromStep('provision-server', 'role');
export const workingName = fromStep('create-database', 'workingName');

/** What the application must connect to from now on; the name of the database stays the same [c10]. */
export function targetConnection(database: string) {
  return {
    host: fromStep('provision-server', 'server.host'),
    port: fromStep('provision-server', 'server.port'),
    user: targetRole,
    secretRef: fromStep('provision-server', 'roleSecretRef'),
    database,
  };
}

/** The part of the entitlements that a service's driver applies. */
export function resourcesOf(entitlements: EntitlementsDefinition | undefined): ServiceResources {
  const { cpu, memory, storage } = entitlements ?? { plan: '' };
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(storage === undefined ? {} : { storage }),
  };
}
