import type { FieldProblem } from '#shared/contracts/problem.js';
import type { UpgradeRequest } from '#shared/contracts/requests/upgrade.request.js';
import { fillService } from '#shared/contracts/service-templates.js';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { RequestRefused } from '../../http/request-refused.js';
import { endpointOf, upgradeMoves, type UpgradeRegistry } from '../../planning/upgrade-registry.js';
import type { InstanceState } from '../../registry/instance-state.js';
import type { RegistryEntries } from '../../registry/registry-entries.js';
import type { Lookups, Prepared } from './prepared.js';

interface Unknown extends FieldProblem {
  readonly code: ErrorCode;
}

/**
 * Looks up everything an upgrade names.
 *
 * @throws RequestRefused INSTANCE_UNKNOWN, PLAN_UNKNOWN, SERVER_UNKNOWN or SERVICE_UNKNOWN, naming all that is missing.
 */
export async function prepareUpgrade(request: UpgradeRequest, { entries, ...lookups }: Lookups): Promise<Prepared> {
  const { instanceId, toPlan } = request;
  const instance = await lookups.instance(instanceId);
  const to = entries.entitlements.get(toPlan)?.definition;
  const source = instance && entries.server.get(instance.definition.server)?.definition;
  const service = instance && entries.service.get(instance.definition.service)?.definition;
  if (instance === undefined || to === undefined || source === undefined || service === undefined)
    throw unknownEntries(request, instance, entries);
  const { definition } = instance;
  const from = entries.entitlements.get(definition.plan)?.definition;
  const registry: UpgradeRegistry = {
    instance: definition,
    source,
    service: fillService(service, definition),
    entitlements: { to, ...(from === undefined ? {} : { from }) },
    servers: [...entries.server.values()].map((entry) => endpointOf(entry.definition)),
  };
  return {
    subject: `instance:${instanceId}`,
    title: `upgrade of ${definition.database} to ${toPlan}`,
    instanceId,
    registry,
    ...whatHappens(registry),
  };
}

/** The answer of source c: `migrating` at once when the database moves, while the work is queued. */
function whatHappens({ instance, entitlements }: UpgradeRegistry): Pick<Prepared, 'status' | 'message'> {
  const { to } = entitlements;
  const tenant = `instance ${instance.instanceId}`;
  if (upgradeMoves(instance, to))
    return {
      status: 'migrating',
      message: `${tenant}: the database ${instance.database} moves from a shared to a dedicated server`,
    };
  if (instance.dbType === 'dedicated' && (to.dbType ?? 'shared') === 'shared')
    return {
      status: 'requested',
      message: `${tenant}: gets the resources of plan ${to.plan}; warning: that plan is for shared databases, the database stays on its dedicated server`,
    };
  return { status: 'requested', message: `${tenant}: gets the resources of plan ${to.plan}; no database moves` };
}

function unknownEntries(
  { instanceId, toPlan }: UpgradeRequest,
  instance: InstanceState | undefined,
  entries: RegistryEntries,
): RequestRefused {
  const missing: Unknown[] = [];
  const told = (code: ErrorCode, pointer: string, message: string): number => missing.push({ code, pointer, message });
  if (instance === undefined)
    told(
      'INSTANCE_UNKNOWN',
      '/instanceId',
      `instance "${instanceId}" is not registered; PUT /v1/instances/{id} registers it`,
    );
  if (!entries.entitlements.has(toPlan))
    told('PLAN_UNKNOWN', '/toPlan', `plan "${toPlan}" has no entitlements; PUT /v1/entitlements/{plan} sets them`);
  if (instance !== undefined && !entries.server.has(instance.definition.server))
    told(
      'SERVER_UNKNOWN',
      '/instanceId',
      `the instance lives on server "${instance.definition.server}", which is not registered`,
    );
  if (instance !== undefined && !entries.service.has(instance.definition.service))
    told(
      'SERVICE_UNKNOWN',
      '/instanceId',
      `the instance is served by "${instance.definition.service}", which is not registered`,
    );
  const errors = missing.map(({ pointer, message }) => ({ pointer, message }));
  return new RequestRefused(missing[0]?.code ?? 'INTERNAL', errors.map((error) => error.message).join('; '), {
    errors,
  });
}
