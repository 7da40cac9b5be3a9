import type { Failure } from '#shared/contracts/events.js';
import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import { failedChecks } from '#shared/contracts/preflight.js';
import { failure } from './decision.js';
import type { StepRun } from './migration-state.js';

/**
 * Why a run counts as failed, undefined when it does not. A success is looked at a second time: a result that
 * speaks against the move stops it, whatever the executor made of it.
 */
export function failureOfRun(run: StepRun): Failure | undefined {
  const { progress } = run;
  if (progress.status === 'failed') return progress.failure;
  if (progress.status === 'cancelled') return failure('STEP_CANCELLED', `${run.key.stepId}: ${progress.reason}`);
  return progress.status === 'succeeded' ? judgeResult(run, progress.result) : undefined;
}

function judgeResult({ kind, key }: StepRun, result: JsonObject): Failure | undefined {
  switch (kind) {
    case 'preflight-target':
      return judgeChecks(result['checks']);
    case 'verify-copy':
      if (!isAbove(result['mismatches'], 0)) return undefined;
      return failure('VERIFICATION_FAILED', `${key.stepId} found differences: ${JSON.stringify(result['mismatches'])}`);
    case 'verify-connections':
      if (!isAbove(result['old'], 0) && result['new'] !== 0) return undefined;
      return failure(
        'CONNECTIONS_NOT_MOVED',
        `the application's sessions: ${JSON.stringify(result['old'])} at the source, ${JSON.stringify(result['new'])} at the target`,
      );
    default:
      return undefined;
  }
}

function judgeChecks(checks: JsonValue | undefined): Failure | undefined {
  if (!Array.isArray(checks)) return undefined;
  const failed = failedChecks(checks);
  if (failed.length === 0) return undefined;
  const found = failed.map((check) => [check.name, check.found, check.remedy].filter(Boolean).join(': '));
  return failure('PREFLIGHT_FAILED', found.join('; '), { checks: failed.map((check) => check.name) });
}

function isAbove(value: JsonValue | undefined, limit: number): boolean {
  return typeof value === 'number' && value > limit;
}
