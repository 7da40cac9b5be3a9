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
  const run = latestRun(state, DESCRIBE_STEP);
  if (run === undefined) return { events: [commandDescription(state, state.planned)] };
  const because = run.progress.status === 'needs-decision' ? run.progress.failure : failureOfRun(run);
  if (because !== undefined) return endStopped(state, because, []);
  if (run.progress.status !== 'succeeded') return NOTHING;
  const { plan, planHash } = state.planned;
  const result = asJsonObject({ ...run.progress.result, plan, planHash });
  return {
    events: [event('MigrationCompleted', { migrationId: state.request.migrationId, result, downtimeMs: 0 })],
    release: true,
  };
}
