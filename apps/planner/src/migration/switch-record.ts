import type { InstanceLocation } from '#shared/contracts/events.js';
import { toStepId } from '#shared/contracts/ids.js';
import { instanceStream, registryStream } from '#shared/contracts/streams.js';
import { readOutcome } from '../planning/outcome.js';
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
  const to = targetLocation(state);
  if (outcome.type !== 'move' || to === undefined) return [passed];
  const { instanceId, plan, from } = outcome;
  return [
    passed,
    ...newServer(state),
    event('InstanceMoved', { instanceId, migrationId, plan, from, to }, instanceStream(instanceId)),
  ];
}

/** Where the tenant lives now; undefined before a server was provisioned. */
export function targetLocation(state: Pick<Common, 'runs'>): InstanceLocation | undefined {
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
