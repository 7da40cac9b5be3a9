import type { InstanceDefinition } from '#shared/contracts/registry.js';
import type { RelocateRequest } from '#shared/contracts/requests/relocate.request.js';
import { fillService } from '#shared/contracts/service-templates.js';
import type { LocatedMove, MoveEnd } from '../../planning/located-move.js';
import type { Lookups, Prepared } from './prepared.js';
import { Objections, refuse } from './unknown-entries.js';

/**
 * Looks up both servers, the tenant in the database and the service.
 *
 * @throws RequestRefused SERVER_UNKNOWN, SERVICE_UNKNOWN, REQUEST_INVALID or STATE_CONFLICT, naming all that is wrong.
 */
export async function prepareRelocate(request: RelocateRequest, lookups: Lookups): Promise<Prepared> {
  const { source, target } = request;
  const instance = await tenantIn(source, lookups);
  const objections = new Objections(lookups.entries);
  const from = objections.server(source.server, '/source/server');
  const to = objections.server(target.server, '/target/server');
  if (source.server === target.server && source.database === target.database)
    objections.add('REQUEST_INVALID', '/target/database', `${target.database} is on ${target.server} already`);
  const definition = serviceNamed(request, instance, objections);
  objections.throwIfAny();
  if (from === undefined || to === undefined) throw objections.refusal('SERVER_UNKNOWN');
  const owner = target.owner ?? instance?.owner;
  const secretRef = target.secretRef ?? instance?.secretRef;
  const registry: LocatedMove = {
    source: { server: from, database: source.database, ...tenantsEnd(instance) },
    target: {
      server: to,
      database: target.database,
      ...(owner === undefined ? {} : { owner }),
      ...(secretRef === undefined ? {} : { secretRef }),
      ...(instance === undefined ? {} : { dbType: instance.dbType }),
    },
    ...(definition === undefined
      ? {}
      : { service: fillService(definition, { database: source.database, ...idOf(instance) }) }),
    ...(instance === undefined ? {} : { instance: { instanceId: instance.instanceId, plan: instance.plan } }),
  };
  return {
    subject: `database:${source.server}/${source.database}`,
    title: `relocation of ${source.database} from ${source.server} to ${target.server}`,
    ...idOf(instance),
    status: 'requested',
    message: `the database ${source.database} moves from ${source.server} to ${target.database} on ${target.server}`,
    registry,
  };
}

/** Two tenants in one database would both have to follow: no recipe does that. */
async function tenantIn(
  { server, database }: RelocateRequest['source'],
  lookups: Lookups,
): Promise<InstanceDefinition | undefined> {
  const [first, ...others] = await lookups.instancesIn(server, database);
  if (others.length === 0) return first?.definition;
  const ids = [first, ...others].map((state) => state?.definition.instanceId).join(', ');
  throw refuse(
    'STATE_CONFLICT',
    `instances ${ids} are all registered in ${database} on ${server}; correct the registry`,
  );
}

function serviceNamed(request: RelocateRequest, instance: InstanceDefinition | undefined, objections: Objections) {
  const name = request.service ?? instance?.service;
  if (name === undefined) return undefined;
  if (instance !== undefined && name !== instance.service)
    objections.add(
      'REQUEST_INVALID',
      '/service',
      `instance ${instance.instanceId} lives in the database and is served by "${instance.service}", not by "${name}"`,
    );
  const definition = objections.service(name, '/service');
  const renamed = request.source.database !== request.target.database;
  if (
    renamed &&
    instance !== undefined &&
    definition !== undefined &&
    JSON.stringify(definition).includes('{database}')
  )
    objections.add(
      'REQUEST_INVALID',
      '/target/database',
      `service "${name}" is named after its database; keep the name, or give the instance a service without {database}`,
    );
  return definition;
}

function tenantsEnd(instance: InstanceDefinition | undefined): Pick<MoveEnd, 'owner' | 'secretRef' | 'dbType'> {
  if (instance === undefined) return {};
  const { owner, secretRef, dbType } = instance;
  return { owner, dbType, ...(secretRef === undefined ? {} : { secretRef }) };
}

function idOf(instance: InstanceDefinition | undefined) {
  return instance === undefined ? {} : { instanceId: instance.instanceId };
}
