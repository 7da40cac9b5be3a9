import type { JsonObject } from '#shared/contracts/json.js';
import type { Common, PlannedFacts } from './migration-state.js';
import { resultOf } from './step-runs.js';

/** What each step of a backup, a proof or a restore answered, the later over the earlier; the largest tables are left out. */
export function backupResult(state: Common & { readonly planned: PlannedFacts }): JsonObject {
  const { plan, planHash } = state.planned;
  const answers = plan.steps.map((step) => resultOf(state, step.id) ?? {});
  const proved = plan.steps.some(({ kind }) => kind === 'verify-backup');
  const made = plan.steps.some(({ kind }) => kind === 'back-up-database');
  const { largest: _largest, ...result } = Object.assign({}, ...answers) as JsonObject;
  const status = proved ? { status: 'verified' } : made ? { status: 'recorded' } : {};
  return { ...result, ...status, planHash };
}
