import type { JsonObject } from '#shared/contracts/json.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { instanceStream } from '#shared/contracts/streams.js';
import { assertNever } from '#shared/errors/assert-never.js';
import { readOutcome, type PlanOutcome, type ResizeOutcome, type RetireOutcome } from '../planning/outcome.js';
import { backupResult } from './backup-completion.js';
import { certify } from './certificate.js';
import { event, type Decision, type Draft } from './decision.js';
import { downtimeAt } from './downtime.js';
import type { Common, PlannedFacts } from './migration-state.js';
import { applyResult, healthResult, revertResult, validateResult } from './project-completion.js';
import { answerOf } from './step-result.js';

type Planned = Common & { readonly planned: PlannedFacts };

/** What `MigrationCompleted` tells, and what other streams learn with it. */
interface Completion {
  readonly events: readonly Draft[];
  readonly result: JsonObject;
}

/** Every step is done: what came of it, and everything it held is free again. */
export function completePlan(state: Planned): Decision {
  const { migrationId } = state.request;
  const downtimeMs = downtimeAt(state.downtime, state.lastAt);
  const { events, result } = completionOf(state, readOutcome(state.planned.plan.outcome), downtimeMs);
  return { events: [...events, event('MigrationCompleted', { migrationId, result, downtimeMs })], release: true };
}

function completionOf(state: Planned, outcome: PlanOutcome, downtimeMs: number): Completion {
  switch (outcome.type) {
    case 'move':
      return { events: [], result: asJsonObject({ certificate: certify(state, outcome, downtimeMs) }) };
    case 'resize':
      return resized(state, outcome);
    case 'retire':
      return { events: [], result: retired(state, outcome) };
    case 'backup':
      return { events: [], result: backupResult(state) };
    case 'rehearsal':
      throw new RangeError('a rehearsal ends by itself, see decide-rehearsal.ts');
    case 'apply':
      return { events: [], result: applyResult(state, outcome) };
    case 'revert':
      return { events: [], result: revertResult(state, outcome) };
    case 'validate':
      return { events: [], result: validateResult(state, outcome) };
    case 'health':
      return { events: [], result: healthResult(state, outcome) };
    default:
      return assertNever(outcome);
  }
}

function retired(state: Planned, outcome: RetireOutcome): JsonObject {
  const { type: _type, ...gone } = outcome;
  const { manifestHash } = answerOf(state, 'drop-retired') ?? {};
  return asJsonObject({ retired: gone, manifestHash: manifestHash ?? null, planHash: state.planned.planHash });
}

function resized({ request, planned }: Planned, outcome: ResizeOutcome): Completion {
  const { type: _type, instanceId, plan, ...resources } = outcome;
  const { migrationId } = request;
  return {
    events: [event('InstanceResized', { instanceId, migrationId, plan, ...resources }, instanceStream(instanceId))],
    result: { instanceId, plan, resources, planHash: planned.planHash },
  };
}
