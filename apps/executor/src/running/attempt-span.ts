import { startWork, type TracedWork } from '#shared/observability/tracing.js';
import type { ClaimedRun } from './claim.js';
import type { Outcome } from './outcome.js';

/** The attempt in the trace of its migration, under the decision that commanded it. */
export function startAttemptSpan({ attempt, kind, metadata, run }: ClaimedRun): TracedWork {
  return startWork(`${attempt.direction} ${kind}`, {
    parent: metadata.traceparent,
    attributes: {
      'rehome.migration_id': attempt.migrationId,
      'rehome.step_id': attempt.stepId,
      'rehome.step_kind': kind,
      'rehome.direction': attempt.direction,
      'rehome.generation': attempt.generation,
      'rehome.attempt': attempt.attempt,
      'rehome.fence': attempt.fence,
      'rehome.command_id': run.commandId,
    },
  });
}

/** A failure is told by its code; its text stays in the ledger, where it was redacted. */
export function endAttemptSpan(span: TracedWork, outcome: Outcome): void {
  span.set({ 'rehome.outcome': outcome.status });
  span.end('failure' in outcome ? outcome.failure.code : undefined);
}
