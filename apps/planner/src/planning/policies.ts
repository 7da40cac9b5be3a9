import type { PlanApproval } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { Plan } from '#shared/contracts/plan.js';
import type { PolicyDefinition } from '#shared/contracts/registry.js';
import { readOptions } from './request-options.js';

/** What a plan must wait for, by its request's own wish and by every policy that it matches; undefined for nothing. */
export function approvalOf(
  plan: Pick<Plan, 'kind' | 'reservations'>,
  request: JsonObject,
  policies: readonly PolicyDefinition[],
): PlanApproval | undefined {
  // A rehearsal touches nothing that a policy protects, and helps to decide whether to approve.
  const { approval, rehearse } = readOptions(request);
  const matching = (rehearse ? [] : policies).filter(
    (policy) => policy.approval === 'required' && matches(policy, plan, request),
  );
  if (matching.length === 0 && approval !== 'required') return undefined;
  return {
    policies: matching.map(({ name }) => name).sort(),
    fourEyes: matching.some(({ fourEyes }) => fourEyes === true),
  };
}

/** Every list that is given must name something of the plan. */
function matches(
  { match: { kinds, servers, plans } }: PolicyDefinition,
  { kind, reservations }: Pick<Plan, 'kind' | 'reservations'>,
  request: JsonObject,
): boolean {
  return (
    (kinds === undefined || kinds.includes(kind)) &&
    (servers === undefined || servers.some((server) => touches(reservations, server))) &&
    (plans === undefined || plans.some((plan) => plan === request['toPlan']))
  );
}

/** A plan holds every database it touches as `database:<server>/<database>`. */
function touches(reservations: readonly string[], server: string): boolean {
  return reservations.some((subject) => subject.startsWith(`database:${server}/`));
}
