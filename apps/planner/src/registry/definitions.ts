import { instanceToPlain } from 'class-transformer';
import type {
  EntitlementsDefinition,
  InstanceDefinition,
  PolicyDefinition,
  ServerDefinition,
  ServiceDefinition,
  SourceDefinition,
} from '#shared/contracts/registry.js';
import type {
  PutEntitlements,
  PutInstance,
  PutPolicy,
  PutServer,
  PutSource,
} from '#shared/contracts/requests/registry.request.js';
import type { PutService } from '#shared/contracts/requests/service.request.js';
import { normalInstanceId } from '#shared/contracts/requests/upgrade.request.js';

/** Bodies that were validated, as definitions: the name of the path added, class instances made plain. */
export function serverDefinition(name: string, body: PutServer): ServerDefinition {
  return plain<ServerDefinition>({ ...body, name });
}

export function entitlementsDefinition(plan: string, body: PutEntitlements): EntitlementsDefinition {
  return plain<EntitlementsDefinition>({ ...body, plan });
}

export function serviceDefinition(name: string, body: PutService): ServiceDefinition {
  return plain<ServiceDefinition>({ ...body, name });
}

export function sourceDefinition(source: string, body: PutSource): SourceDefinition {
  return plain<SourceDefinition>({ ...body, source });
}

export function policyDefinition(name: string, body: PutPolicy): PolicyDefinition {
  return plain<PolicyDefinition>({ ...body, name });
}

export function instanceDefinition(instanceId: string, body: PutInstance): InstanceDefinition {
  return plain<InstanceDefinition>({
    ...body,
    instanceId: normalInstanceId(instanceId),
    dbType: body.dbType ?? 'shared',
  });
}

/** Optional fields that were not given disappear: an event holds no undefined. */
function plain<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(instanceToPlain(value))) as T;
}
