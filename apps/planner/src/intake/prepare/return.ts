import type { InstanceDefinition, SecretRef, ServerDefinition, ServiceDefinition } from '#shared/contracts/registry.js';
import type { ReturnRequest } from '#shared/contracts/requests/return.request.js';
import type { CaptureSourceResult } from '#shared/contracts/steps/database-steps.js';
import type { VerifyCopyResult } from '#shared/contracts/steps/verification-steps.js';
import { fillService } from '#shared/contracts/service-templates.js';
import type { KnownState } from '../../migration/migration-state.js';
import { resultOf } from '../../migration/step-runs.js';
import { answerOf } from '../../migration/step-result.js';
import type { LocatedReturn, MoveEnd } from '../../planning/located-move.js';
import { completedAbout, finishedMove, type FinishedMove } from './finished-move.js';
import type { Lookups, Prepared } from './prepared.js';
import { Objections, refuse } from './unknown-entries.js';

/** What can be taken back; a return itself is taken back by asking for the move again. */
const RETURNABLE: readonly string[] = ['upgrade', 'relocate'];

/**
 * Finds where a finished move came from, and what it left there.
 *
 * @throws RequestRefused NOT_FOUND, SERVER_UNKNOWN, SERVICE_UNKNOWN, REQUEST_INVALID, or STATE_CONFLICT saying why there
 * is no way back.
 */
export async function prepareReturn(request: ReturnRequest, lookups: Lookups): Promise<Prepared> {
  const move = await finishedMove(request.migrationId, lookups);
  const { state, from, to } = move;
  await refuseReturn(request, move, lookups);
  const instance = await tenantOf(move, lookups);
  const objections = new Objections(lookups.entries);
  const present = objections.server(to.dbServerId, '/migrationId');
  const original = objections.server(from.dbServerId, '/migrationId');
  const service = presentService(move, instance, objections);
  const secretRef = originalSecret(request, move, service, objections);
  objections.throwIfAny();
  if (present === undefined || original === undefined) throw objections.refusal('SERVER_UNKNOWN');
  const retired = retiredSource(move);
  const registry: LocatedReturn = {
    source: endOf(present, to),
    target: { ...endOf(original, from), ...(secretRef === undefined ? {} : { secretRef }) },
    ...(service === undefined ? {} : { service }),
    ...(instance === undefined
      ? {}
      : { instance: { instanceId: instance.instanceId, plan: planBefore(move, instance) } }),
    returns: {
      migrationId: request.migrationId,
      kind: state.request.kind,
      title: state.request.title,
      completedAt: state.lastAt,
    },
    ...(retired === undefined ? {} : { retired }),
    ...keptResources(move),
  };
  const data = request.data === 'current' ? 'with the data as it is now' : 'as it was, without what was written since';
  return {
    subject: state.request.subject,
    title: `return of ${to.database} from ${present.name} to ${original.name}`,
    ...(instance === undefined ? {} : { instanceId: instance.instanceId }),
    status: 'requested',
    message: `the database ${from.database} goes back to ${original.name}, ${data}`,
    registry,
  };
}

async function refuseReturn(request: ReturnRequest, move: FinishedMove, lookups: Lookups): Promise<void> {
  const { migrationId, kind } = move.state.request;
  if (!RETURNABLE.includes(kind))
    throw refuse('STATE_CONFLICT', `a ${kind} is not returned; request the move again instead`);
  const returned = await completedAbout('return', move, lookups);
  const link = (id: string) => ({ by: `/v1/migrations/${id}` });
  if (returned !== undefined)
    throw refuse('STATE_CONFLICT', `migration ${migrationId} was returned by ${returned} already`, link(returned));
  if (request.data === 'current') return;
  const retired = await completedAbout('retire', move, lookups);
  if (retired !== undefined)
    throw refuse(
      'STATE_CONFLICT',
      `what migration ${migrationId} put aside was dropped by ${retired}; only data "current" can go back`,
      link(retired),
    );
  if (retiredSource(move) === undefined)
    throw refuse('STATE_CONFLICT', `migration ${migrationId} put nothing aside that could come back`);
}

/** The record must still say what the move said: a tenant that moved on goes back by its later migration. */
async function tenantOf(
  { outcome, to, state }: FinishedMove,
  lookups: Lookups,
): Promise<InstanceDefinition | undefined> {
  if (outcome.instanceId === undefined) return undefined;
  const instance = await lookups.instance(outcome.instanceId);
  const now = instance?.definition;
  if (now !== undefined && now.server === to.dbServerId && now.database === to.database) return now;
  const where = now === undefined ? 'is not registered any more' : `lives in ${now.database} on ${now.server} by now`;
  const links = instance?.movedBy === undefined ? {} : { movedBy: `/v1/migrations/${instance.movedBy}` };
  throw refuse(
    'STATE_CONFLICT',
    `instance ${outcome.instanceId} ${where}, not where migration ${state.request.migrationId} brought it`,
    links,
  );
}

/** As it is registered now: a file that was added since is edited, too. */
function presentService(
  { state, to }: FinishedMove,
  instance: InstanceDefinition | undefined,
  objections: Objections,
): ServiceDefinition | undefined {
  const asked = state.request.request['service'];
  const name = instance?.service ?? (typeof asked === 'string' ? asked : undefined);
  if (name === undefined) return undefined;
  const definition = objections.service(name, '/migrationId');
  if (definition === undefined) return undefined;
  const { instanceId } = instance ?? {};
  return fillService(definition, { database: to.database, ...(instanceId === undefined ? {} : { instanceId }) });
}

/**
 * The password of the role that the application had before: as the registry knew it, as the config file held it, or the
 * same as now where the move left it alone.
 */
function originalSecret(
  request: ReturnRequest,
  { state, from, to }: FinishedMove,
  service: ServiceDefinition | undefined,
  objections: Objections,
): SecretRef | undefined {
  const known = request.secretRef ?? from.secretRef ?? secretInFiles(state);
  if (known !== undefined || to.secretRef === undefined || service === undefined) return known;
  objections.add(
    'REQUEST_INVALID',
    '/secretRef',
    `nobody knows the password of ${from.user} at ${from.dbServerId}; name where it is kept`,
  );
  return undefined;
}

function secretInFiles(state: Extract<KnownState, { readonly status: 'completed' }>): SecretRef | undefined {
  const edits = state.planned.plan.steps.filter((step) => step.kind === 'edit-config');
  return edits
    .map((step) => answerOf(state, 'edit-config', step.id)?.previousSecretRef)
    .find((ref) => ref !== undefined);
}

function endOf(server: ServerDefinition, location: FinishedMove['from']): MoveEnd {
  const { database, user, dbType, secretRef } = location;
  return {
    server,
    database,
    owner: user,
    ...(dbType === undefined ? {} : { dbType }),
    ...(secretRef === undefined ? {} : { secretRef }),
  };
}

/** What the steps of the move left for a way back; all of it or nothing. */
function retiredSource({ state, retiredName }: FinishedMove): LocatedReturn['retired'] {
  const captured = resultOf(state, 'capture-source');
  const verified = resultOf(state, 'verify-copy');
  if (retiredName === undefined || captured === undefined || verified === undefined) return undefined;
  const { markedBefore } = answerOf(state, 'retire-source') ?? {};
  return {
    retiredName,
    ...(markedBefore === undefined ? {} : { markedBefore }),
    captured: captured as unknown as CaptureSourceResult,
    verified: verified as unknown as VerifyCopyResult,
  };
}

/** The subscription plan goes back with the tenant, unless it was changed since. */
function planBefore({ state, outcome }: FinishedMove, instance: InstanceDefinition): string {
  const before = state.request.registry['instance'];
  if (instance.plan !== outcome.plan || typeof before !== 'object' || before === null || Array.isArray(before))
    return instance.plan;
  const { plan } = before as { readonly plan?: unknown };
  return typeof plan === 'string' ? plan : instance.plan;
}

function keptResources({ state, outcome }: FinishedMove): Pick<LocatedReturn, 'keepsResourcesOf'> {
  const resized = state.planned.plan.steps.some((step) => step.kind === 'resize-service');
  return resized && outcome.plan !== undefined ? { keepsResourcesOf: outcome.plan } : {};
}
