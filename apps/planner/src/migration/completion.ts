import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { instanceStream } from '#shared/contracts/streams.js';
import { readOutcome } from '../planning/outcome.js';
import { certify } from './certificate.js';
import { event, type Decision } from './decision.js';
import { downtimeAt } from './downtime.js';
import type { Common, PlannedFacts } from './migration-state.js';

/** Every step is done: what came of it, and everything it held is free again. */
export function completePlan(state: Common & { readonly planned: PlannedFacts }): Decision {
  const { migrationId } = state.request;
  const outcome = readOutcome(state.planned.plan.outcome);
  const downtimeMs = downtimeAt(state.downtime, state.lastAt);
  if (outcome.type === 'move') {
    const result = asJsonObject({ certificate: certify(state, outcome, downtimeMs) });
    return { events: [event('MigrationCompleted', { migrationId, result, downtimeMs })], release: true };
  }
  const { type: _type, instanceId, plan, ...resources } = outcome;
  return {
    events: [
      event('InstanceResized', { instanceId, migrationId, plan, ...resources }, instanceStream(instanceId)),
      event('MigrationCompleted', {
        migrationId,
        result: { instanceId, plan, resources, planHash: state.planned.planHash },
        downtimeMs,
      }),
    ],
    release: true,
  };
}
