import type { PlanApproval } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { Plan } from '#shared/contracts/plan.js';
import type { PolicyDefinition } from '#shared/contracts/registry.js';
import { readOptions } from './request-options.js';

type Planned = Pick<Plan, 'kind' | 'reservations'>;

/** A request with what the registry said when it was asked. */
interface AskedFor {
  readonly request: JsonObject;
  readonly registry: JsonObject;
  readonly policies: readonly PolicyDefinition[];
}

interface Owned {
  readonly server: string;
}

/** What a plan must wait for, by its request's own wish and by every policy that it matches; undefined for nothing. */
export function approvalOf(plan: Planned, { request, registry, policies }: AskedFor): PlanApproval | undefined {
  // A rehearsal touches nothing that a policy protects, and helps to decide whether to approve.
  const { approval, rehearse } = readOptions(request);
  const matching = (rehearse ? [] : policies).filter(
    ({ approval: needed, match }) => needed === 'required' && matches(match, plan, { request, registry }),
  );
  if (matching.length === 0 && approval !== 'required') return undefined;
  return {
    policies: matching.map(({ name }) => name).sort(),
    fourEyes: matching.some(({ fourEyes }) => fourEyes === true),
  };
}

/** Every list that is given must name something of the plan. */
function matches(
  { kinds, servers, plans }: PolicyDefinition['match'],
  plan: Planned,
  { request, registry }: Omit<AskedFor, 'policies'>,
): boolean {
  return (
    (kinds === undefined || kinds.includes(plan.kind)) &&
    (servers === undefined || servers.some((server) => touches(plan, registry, server))) &&
    (plans === undefined || plans.some((name) => name === request['toPlan']))
  );
}

/** A plan holds every database it touches as `database:<server>/<database>`; it may also be about what belongs to one. */
function touches({ reservations }: Planned, registry: JsonObject, server: string): boolean {
  return (
    reservations.some((subject) => subject.startsWith(`database:${server}/`)) ||
    ownersOf(registry).some((owner) => owner?.server === server)
  );
}

/** The tenant that may only be resized, and the backups that are proved, kept longer or removed: each names its server. */
function ownersOf(registry: JsonObject): readonly (Owned | undefined)[] {
  const {
    instance,
    backup,
    remove = [],
  } = registry as Readonly<{
    instance?: Owned;
    backup?: Owned;
    remove?: readonly Owned[];
  }>;
  return [instance, backup, ...remove];
}
