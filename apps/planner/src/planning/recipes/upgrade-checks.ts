import type { InspectMoveResult } from '#shared/contracts/steps/inspection-steps.js';
import type { CheckSeverity, PreflightCheck } from '#shared/contracts/preflight.js';
import { upgradeMoves, type UpgradeRegistry } from '../upgrade-registry.js';
import { namesResources, takesResources } from './resize-steps.js';

/** What the registry alone, or the lack of facts, says against a move; the inspection brings its own checks. */
export function moveChecks(
  registry: UpgradeRegistry,
  facts: { readonly database: InspectMoveResult['database']; readonly tools: InspectMoveResult['tools'] },
): PreflightCheck[] {
  return [
    inspectionComplete(facts.database !== undefined && facts.tools !== undefined),
    applicationConfigured(registry),
    environmentReturns(registry),
    ...(facts.database === undefined ? [] : [ownerIsApplication(registry, facts.database.owner)]),
    resourcesApply(registry, 'warning'),
  ];
}

export function resizeChecks(registry: UpgradeRegistry): PreflightCheck[] {
  return [resourcesApply(registry, 'error')];
}

/** Shown before an approval; nothing in them stops a plan. */
export function upgradeWarnings(registry: UpgradeRegistry, checks: readonly PreflightCheck[]): string[] {
  const { instance, entitlements } = registry;
  const failed = checks.filter((check) => check.severity === 'warning' && !check.passed);
  const warnings = failed.map((check) =>
    check.remedy === undefined ? check.found : `${check.found}; ${check.remedy}`,
  );
  if (upgradeMoves(instance, entitlements.to)) return warnings;
  const shrinks = instance.dbType === 'dedicated' && (entitlements.to.dbType ?? 'shared') === 'shared';
  if (!shrinks) return warnings;
  return [
    ...warnings,
    `plan ${entitlements.to.plan} asks for a shared server; the database stays where it is, on dedicated server ` +
      `${instance.server}, and only the resources change; to move it, request "relocate"`,
  ];
}

function inspectionComplete(complete: boolean): PreflightCheck {
  return {
    name: 'inspection-complete',
    severity: 'error',
    passed: complete,
    found: complete ? 'database and tools were inspected' : 'the database or the client tools could not be inspected',
    ...(complete ? {} : { remedy: 'see the other checks, put right what they name and request again' }),
  };
}

/** Without a key that carries the host the application would come back to the old server. */
function applicationConfigured({ service }: UpgradeRegistry): PreflightCheck {
  const passed =
    service.configFiles.some((file) => file.keys.host !== undefined || file.keys.url !== undefined) ||
    service.environment !== undefined;
  return {
    name: 'service-configuration',
    severity: 'error',
    passed,
    found: passed ? 'the service has a place that names its database server' : `service ${service.name} has none`,
    ...(passed
      ? {}
      : { remedy: `register a config file or environment with a "host" or "url" key for ${service.name}` }),
  };
}

/**
 * The old password is set again by reference only: without one, a move that is taken back leaves the new password in the
 * environment. A warning, because most applications that have a config file ignore it
 */
function environmentReturns({ service, instance }: UpgradeRegistry): PreflightCheck {
  const { password, url } = service.environment ?? {};
  const carries = password !== undefined || url !== undefined;
  const passed = !carries || instance.secretRef !== undefined;
  return {
    name: 'environment-password',
    severity: 'warning',
    passed,
    found: passed
      ? 'the environment can be set back'
      : `service ${service.name} gets its password by environment, and the registry holds no secretRef of the present one`,
    ...(passed
      ? {}
      : {
          remedy: `set secretRef of instance ${instance.instanceId}, or the environment keeps the new password if the move is taken back`,
        }),
  };
}

function ownerIsApplication({ instance }: UpgradeRegistry, databaseOwner: string): PreflightCheck {
  const passed = databaseOwner === instance.owner;
  return {
    name: 'database-owner',
    severity: 'warning',
    passed,
    found: passed
      ? `${instance.owner} owns the database`
      : `the database belongs to ${databaseOwner}, the application logs in as ${instance.owner}; ` +
        'at the target the database will belong to the application role',
  };
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
