import type { JsonObject } from '#shared/contracts/json.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { commandDescription } from './commands.js';
import { event, NOTHING, type Decision } from './decision.js';
import { decideStopBeforePlan, endStopped } from './decide-stop.js';
import { failureOfRun } from './judge-result.js';
import { DESCRIBE_STEP, type StateOf } from './migration-state.js';
import { latestRun } from './step-runs.js';

/** Lets every step of the plan say what it would do, and ends; nothing is changed. */
export function decideDryRun(state: StateOf<'migrating' | 'paused'>): Decision {
  if (state.stop !== undefined) return decideStopBeforePlan(state, state.stop);
  // Nothing to do needs no words of an executor.
  if (state.planned.plan.steps.length === 0) return described(state, { steps: [] });
  const run = latestRun(state, DESCRIBE_STEP);
  if (run === undefined) return { events: [commandDescription(state, state.planned)] };
  const because = run.progress.status === 'needs-decision' ? run.progress.failure : failureOfRun(run);
  if (because !== undefined) return endStopped(state, because, []);
  return run.progress.status === 'succeeded' ? described(state, run.progress.result) : NOTHING;
}

function described({ request, planned }: StateOf<'migrating' | 'paused'>, answer: JsonObject): Decision {
  const { plan, planHash } = planned;
  const result = asJsonObject({ ...answer, plan, planHash });
  return {
    events: [event('MigrationCompleted', { migrationId: request.migrationId, result, downtimeMs: 0 })],
    release: true,
  };
}
