import type { ServiceDefinition } from '#shared/contracts/registry.js';
import { planStep, type UnplacedStep } from '../recipe.js';
import type { UpgradeRegistry } from '../upgrade-registry.js';
import { resourcesOf } from './move-parts.js';
import { SHORT_TIMEOUT_MS } from './move-timeouts.js';

/** Whether the entitlements name resources and the service has a way to be given them. */
export function resizable({ service, entitlements }: UpgradeRegistry): boolean {
  return namesResources(entitlements.to) && takesResources(service);
}

export function namesResources(entitlements: UpgradeRegistry['entitlements']['to']): boolean {
  return Object.keys(resourcesOf(entitlements)).length > 0;
}

export function takesResources({ control }: ServiceDefinition): boolean {
  return control.driver !== 'command' || control.commands.resources !== undefined;
}

/** The whole of an upgrade that does not move: no database work [c3]. */
export function resizeOnlySteps(registry: UpgradeRegistry): UnplacedStep[] {
  if (!resizable(registry)) return [];
  const { service, entitlements } = registry;
  return [
    planStep({
      kind: 'resize-service',
      params: { service, resources: resourcesOf(entitlements.to), previous: resourcesOf(entitlements.from) },
      title: `give ${service.name} the resources of ${entitlements.to.plan}`,
      phase: 'switch',
      timeoutMs: SHORT_TIMEOUT_MS,
      site: service.site,
    }),
  ];
}
