import type { InstanceLocation } from '#shared/contracts/events.js';
import { toStepId } from '#shared/contracts/ids.js';
import { instanceStream, registryStream } from '#shared/contracts/streams.js';
import { readOutcome, type MoveLocation, type MoveOutcome } from '../planning/outcome.js';
import { event, type Draft } from './decision.js';
import type { Common, PlannedFacts } from './migration-state.js';
import { answerOf } from './step-result.js';

type Planned = Common & { readonly planned: PlannedFacts };

/**
 * The connections are verified: the point of no return has passed, and only now the record says where the tenant
 * lives. Switched before that, a crash would leave it on an empty server (source c, corrected) [c9].
 */
export function switchRecord(state: Planned, passingStep: string): Draft[] {
  const { migrationId } = state.request;
  const passed = event('PointOfNoReturnPassed', { migrationId, stepId: toStepId(passingStep), because: 'verified' });
  const outcome = readOutcome(state.planned.plan.outcome);
  const moved = outcome.type === 'move' ? instanceMoved(state, outcome) : undefined;
  return moved === undefined ? [passed] : [passed, ...newServer(state), moved];
}

/** Undefined where no record holds the database, or nobody knows where it went. */
function instanceMoved(state: Planned, outcome: MoveOutcome): Draft | undefined {
  const { instanceId, plan } = outcome;
  const from = recordOf(outcome.from);
  const to = recordOf(targetLocation(state, outcome));
  if (instanceId === undefined || plan === undefined || from === undefined || to === undefined) return undefined;
  const { migrationId } = state.request;
  return event('InstanceMoved', { instanceId, migrationId, plan, from, to }, instanceStream(instanceId));
}

/** What an instance's record says of a location: it always knows whether its server is shared. */
function recordOf(location: MoveLocation | undefined): InstanceLocation | undefined {
  const dbType = location?.dbType;
  return location === undefined || dbType === undefined ? undefined : { ...location, dbType };
}

/** Where the database lives now: known from the start, or from the provisioner; undefined before it answered. */
export function targetLocation(state: Pick<Common, 'runs'>, outcome: MoveOutcome): MoveLocation | undefined {
  return outcome.to ?? provisionedLocation(state);
}

function provisionedLocation(state: Pick<Common, 'runs'>): InstanceLocation | undefined {
  const { server, role, roleSecretRef } = answerOf(state, 'provision-server') ?? {};
  if (server === undefined || role === undefined) return undefined;
  return {
    dbServerId: server.name,
    host: server.host,
    port: server.port,
    user: role,
    dbType: 'dedicated',
    ...(roleSecretRef === undefined ? {} : { secretRef: roleSecretRef }),
  };
}

function newServer(state: Planned): Draft[] {
  const { server, knownToRegistry } = answerOf(state, 'provision-server') ?? {};
  if (server === undefined || knownToRegistry !== false) return [];
  return [event('ServerRegistered', server, registryStream('server', server.name))];
}
