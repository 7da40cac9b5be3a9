import { randomUUID } from 'node:crypto';
import type { EventMetadata, NewEvent, StepAttempt } from '#shared/contracts/events.js';
import { toMigrationId, toStepId } from '#shared/contracts/ids.js';
import { isStepKind, type StepKind } from '#shared/contracts/steps/step-kinds.js';
import { stepStream } from '#shared/contracts/streams.js';
import type { LedgerItem } from '#shared/ledger/ledger-item.js';
import { traceparentField } from '#shared/observability/trace-context.js';
import type { StepRun } from './step-run.js';

/** A run that is ours until the lease ends. */
export interface ClaimedRun {
  readonly run: StepRun;
  readonly attempt: StepAttempt;
  readonly kind: StepKind;
  readonly metadata: EventMetadata;
  /** `performance.now()` before the claim was sent: the lease counts from here. */
  readonly sentAt: number;
}

export interface Claimant {
  readonly owner: string;
  readonly site: string | undefined;
  readonly ttlMs: number;
}

/**
 * What claims a candidate: the compare-and-set on its fence together with StepStarted, and before it
 * StepLeaseLost when somebody else's lease ran out.
 */
export function claimItem(candidate: StepRun, claimant: Claimant): { item: LedgerItem; claimed: ClaimedRun } {
  const claimed = claimOf(candidate, claimant);
  const { migrationId, stepId } = candidate.key;
  const stream = stepStream(toMigrationId(migrationId), toStepId(stepId));
  const effect = { effect: 'claim', key: candidate.key, owner: claimant.owner } as const;
  return {
    claimed,
    item: {
      appends: [{ stream, expected: 'any', events: claimEvents(candidate, claimed, claimant) }],
      effects: [{ ...effect, expectedFence: candidate.fence, ttlMs: claimant.ttlMs }],
    },
  };
}

function claimOf(candidate: StepRun, claimant: Claimant): ClaimedRun {
  const { kind, key, correlationId, commandId, traceparent } = candidate;
  // Intake lets only known kinds in; a row of a newer executor's kind is not ours to claim.
  if (!isStepKind(kind)) throw new TypeError(`step_run holds the unknown kind ${kind}`);
  return {
    run: candidate,
    kind,
    attempt: { ...key, attempt: candidate.attempt + 1, fence: candidate.fence + 1 },
    metadata: {
      correlationId,
      causationId: commandId,
      actor: `executor:${claimant.owner}`,
      ...traceparentField(traceparent),
    },
    sentAt: performance.now(),
  };
}

function claimEvents(candidate: StepRun, claimed: ClaimedRun, claimant: Claimant): NewEvent[] {
  const { kind, attempt, metadata } = claimed;
  const common = { schemaVersion: 1, metadata } as const;
  const site = claimant.site === undefined ? {} : { site: claimant.site };
  const started = {
    ...common,
    eventId: randomUUID(),
    type: 'StepStarted',
    data: { ...attempt, kind, owner: claimant.owner, ...site },
  } as const;
  if (candidate.state !== 'running') return [started];
  const old = { ...attempt, attempt: candidate.attempt, fence: candidate.fence, kind };
  const lost = {
    ...common,
    eventId: randomUUID(),
    type: 'StepLeaseLost',
    data: { ...old, owner: candidate.owner ?? 'unknown' },
  } as const;
  return [lost, started];
}
