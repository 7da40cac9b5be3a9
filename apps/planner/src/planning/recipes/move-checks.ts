import type { ConnectionKeys, InstanceDefinition, ServiceDefinition } from '#shared/contracts/registry.js';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import type { InspectMoveResult, ToolFacts } from '#shared/contracts/steps/inspection-steps.js';
import type { ConnectionValues } from '#shared/contracts/steps/service-steps.js';
import type { JsonObject } from '#shared/contracts/json.js';

/** What a service connects to before and after, as far as it is known when the plan is made. */
export interface ServiceMove {
  readonly service: ServiceDefinition;
  readonly before: Pick<ConnectionValues, 'user' | 'database' | 'secretRef'>;
  /** Absent names are the provisioner's to say. */
  readonly after: Partial<Pick<ConnectionValues, 'user' | 'database'>>;
  /** A password is written. */
  readonly newPassword: boolean;
  readonly instanceId?: string | undefined;
}

/** An inspection that says nothing is one whose every fact is missing, and is refused as such. */
export function readInspection(facts: JsonObject | undefined): InspectMoveResult {
  if (facts === undefined || !Array.isArray(facts['checks'])) return { checks: [] };
  return facts as unknown as InspectMoveResult;
}

export function inspectionComplete(facts: {
  readonly database?: DatabaseFacts | undefined;
  readonly tools?: ToolFacts | undefined;
}): PreflightCheck {
  const complete = facts.database !== undefined && facts.tools !== undefined;
  return {
    name: 'inspection-complete',
    severity: 'error',
    passed: complete,
    found: complete ? 'database and tools were inspected' : 'the database or the client tools could not be inspected',
    ...(complete ? {} : { remedy: 'see the other checks, put right what they name and request again' }),
  };
}

/** What the registry alone says against moving a service. */
export function serviceChecks(move: ServiceMove): PreflightCheck[] {
  return [applicationConfigured(move), namesWhatChanges(move), environmentReturns(move)];
}

/** Without a key that carries the host the application would come back to the old server. */
function applicationConfigured({ service }: ServiceMove): PreflightCheck {
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

/** A user or database that is called otherwise at the target must stand in a key, or the old name stays. */
function namesWhatChanges({ service, before, after, newPassword }: ServiceMove): PreflightCheck {
  const renamed = (['user', 'database'] as const).filter(
    (field) => after[field] !== undefined && after[field] !== before[field],
  );
  const changed = [...(newPassword ? [] : (['host'] as const)), ...renamed];
  const { environment = {}, configFiles } = service;
  // A connection string of the environment is written whole, and without the password it cannot be.
  const { url, ...others } = environment;
  const written = newPassword || url === undefined ? environment : others;
  const places: ConnectionKeys[] = [...configFiles.map(({ keys }) => keys), written];
  const missing = changed.filter(
    (field) => !places.some((keys) => keys[field] !== undefined || keys.url !== undefined),
  );
  return {
    name: 'service-keys',
    severity: 'error',
    passed: missing.length === 0,
    found:
      missing.length === 0
        ? 'every name that changes has a key'
        : `service ${service.name} has no key for: ${missing.join(', ')}`,
    ...(missing.length === 0
      ? {}
      : { remedy: `register the key that names the ${missing.join(' and the ')}, or name the password by secretRef` }),
  };
}

/**
 * The old password is set again by reference only: without one, a move that is taken back leaves the new password in the
 * environment. A warning, because most applications that have a config file ignore it
 */
function environmentReturns({ service, before, newPassword, instanceId }: ServiceMove): PreflightCheck {
  const { password, url } = service.environment ?? {};
  const carries = newPassword && (password !== undefined || url !== undefined);
  const passed = !carries || before.secretRef !== undefined;
  const whose = instanceId === undefined ? 'in the request' : `of instance ${instanceId}`;
  return {
    name: 'environment-password',
    severity: 'warning',
    passed,
    found: passed
      ? 'the environment can be set back'
      : `service ${service.name} gets its password by environment, and the registry holds no secretRef of the present one`,
    ...(passed
      ? {}
      : { remedy: `set secretRef ${whose}, or the environment keeps the new password if the move is taken back` }),
  };
}

export function ownerIsApplication(owner: InstanceDefinition['owner'], databaseOwner: string): PreflightCheck {
  const passed = databaseOwner === owner;
  return {
    name: 'database-owner',
    severity: 'warning',
    passed,
    found: passed
      ? `${owner} owns the database`
      : `the database belongs to ${databaseOwner}, the application logs in as ${owner}; ` +
        'at the target the database will belong to the application role',
  };
}

/** Shown before an approval; nothing in them stops a plan. */
export function warningsOf(checks: readonly PreflightCheck[]): string[] {
  return checks
    .filter((check) => check.severity === 'warning' && !check.passed)
    .map((check) => (check.remedy === undefined ? check.found : `${check.found}; ${check.remedy}`));
}
