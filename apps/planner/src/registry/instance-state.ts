import type { LedgerEvent } from '#shared/contracts/events.js';
import type { InstanceDefinition } from '#shared/contracts/registry.js';
import type { ServiceResources } from '#shared/contracts/steps/service-steps.js';

/** A tenant as its stream tells it. */
export interface InstanceState {
  readonly definition: InstanceDefinition;
  readonly version: number;
  /** What its last upgrade gave it; absent before the first. */
  readonly resources?: ServiceResources;
  /** The migration that last moved it. */
  readonly movedBy?: string;
}

/** Undefined for a stream without events: nobody registered the tenant. */
export function foldInstance(events: readonly LedgerEvent[]): InstanceState | undefined {
  return events.reduce<InstanceState | undefined>(evolveInstance, undefined);
}

function evolveInstance(state: InstanceState | undefined, event: LedgerEvent): InstanceState | undefined {
  const version = event.streamVersion;
  if (event.type === 'InstanceRegistered') return { ...state, definition: event.data, version };
  if (state === undefined) return undefined;
  if (event.type === 'InstanceMoved') {
    const { plan, to, migrationId } = event.data;
    const { secretRef: _left, ...rest } = state.definition;
    const secret = to.secretRef === undefined ? {} : { secretRef: to.secretRef };
    const database = to.database ?? rest.database;
    const definition = { ...rest, plan, server: to.dbServerId, database, owner: to.user, dbType: to.dbType, ...secret };
    return { ...state, definition, version, movedBy: migrationId };
  }
  if (event.type === 'InstanceResized') {
    const { instanceId: _id, migrationId: _migration, plan, ...resources } = event.data;
    return { ...state, definition: { ...state.definition, plan }, version, resources };
  }
  return { ...state, version };
}
