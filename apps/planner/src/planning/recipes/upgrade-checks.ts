import type { InspectMoveResult } from '#shared/contracts/steps/inspection-steps.js';
import type { CheckSeverity, PreflightCheck } from '#shared/contracts/preflight.js';
import { upgradeMoves, type UpgradeRegistry } from '../upgrade-registry.js';
import { inspectionComplete, ownerIsApplication, serviceChecks, warningsOf } from './move-checks.js';
import { namesResources, takesResources } from './resize-steps.js';

/** What the registry alone, or the lack of facts, says against a move; the inspection brings its own checks. */
export function moveChecks(
  registry: UpgradeRegistry,
  facts: { readonly database: InspectMoveResult['database']; readonly tools: InspectMoveResult['tools'] },
): PreflightCheck[] {
  const { instance, service } = registry;
  return [
    inspectionComplete(facts),
    ...serviceChecks({
      service,
      before: { user: instance.owner, database: instance.database, ...secretOf(instance) },
      // The provisioner names the role.
      after: { database: instance.database },
      newPassword: true,
      instanceId: instance.instanceId,
    }),
    ...(facts.database === undefined ? [] : [ownerIsApplication(instance.owner, facts.database.owner)]),
    resourcesApply(registry, 'warning'),
  ];
}

export function resizeChecks(registry: UpgradeRegistry): PreflightCheck[] {
  return [resourcesApply(registry, 'error')];
}

/** Shown before an approval; nothing in them stops a plan. */
export function upgradeWarnings(registry: UpgradeRegistry, checks: readonly PreflightCheck[]): string[] {
  const { instance, entitlements } = registry;
  const warnings = warningsOf(checks);
  if (upgradeMoves(instance, entitlements.to)) return warnings;
  const shrinks = instance.dbType === 'dedicated' && (entitlements.to.dbType ?? 'shared') === 'shared';
  if (!shrinks) return warnings;
  return [
    ...warnings,
    `plan ${entitlements.to.plan} asks for a shared server; the database stays where it is, on dedicated server ` +
      `${instance.server}, and only the resources change; to move it, request "relocate"`,
  ];
}

function secretOf({ secretRef }: UpgradeRegistry['instance']) {
  return secretRef === undefined ? {} : { secretRef };
}

function resourcesApply({ service, entitlements }: UpgradeRegistry, severity: CheckSeverity): PreflightCheck {
  const passed = !namesResources(entitlements.to) || takesResources(service);
  return {
    name: 'service-resources',
    severity,
    passed,
    found: passed
      ? 'the resources of the plan can be applied'
      : `service ${service.name} has no command that applies the resources of ${entitlements.to.plan}`,
    ...(passed ? {} : { remedy: `add the command "resources" to service ${service.name}` }),
  };
}
