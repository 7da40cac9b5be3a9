import { randomUUID } from 'node:crypto';
import { assertNever } from '#shared/errors/assert-never.js';
import type { EventMetadata, NewEvent, StepAttempt } from '#shared/contracts/events.js';
import { toMigrationId, toStepId } from '#shared/contracts/ids.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { stepStream } from '#shared/contracts/streams.js';
import type { LedgerEffect } from '#shared/ledger/ledger-effect.js';
import type { LedgerItem } from '#shared/ledger/ledger-item.js';
import type { Outcome } from './outcome.js';

/** One attempt as its outcome is written: who speaks of what. */
export interface AttemptRecord {
  readonly attempt: StepAttempt;
  readonly kind: StepKind;
  readonly durationMs: number;
  readonly metadata: EventMetadata;
  readonly now: Date;
}

/**
 * The one ledger item that ends an attempt: its event and the new state of its row, together or not at all.
 * Nothing for a lost attempt; only the row for one that is given back.
 */
export function outcomeItem(outcome: Outcome, record: AttemptRecord): LedgerItem | undefined {
  if (outcome.status === 'lost') return undefined;
  const event = outcomeEvent(outcome, record);
  const { migrationId, stepId } = record.attempt;
  const stream = stepStream(toMigrationId(migrationId), toStepId(stepId));
  return {
    appends: event === undefined ? [] : [{ stream, expected: 'any', events: [event] }],
    effects: [finishEffect(outcome, record.attempt)],
  };
}

type Written = Exclude<Outcome, { status: 'lost' }>;

function finishEffect(outcome: Written, attempt: StepAttempt): LedgerEffect {
  const { fence, migrationId, stepId, direction, generation } = attempt;
  const finish = { effect: 'finish', key: { migrationId, stepId, direction, generation }, fence } as const;
  switch (outcome.status) {
    case 'released':
      return { ...finish, state: 'waiting', retryAfterMs: 0 };
    case 'retry':
      return { ...finish, state: 'waiting', retryAfterMs: outcome.afterMs };
    default:
      return { ...finish, state: outcome.status };
  }
}

function outcomeEvent(outcome: Written, record: AttemptRecord): NewEvent | undefined {
  const { kind, durationMs, metadata } = record;
  const common = { eventId: randomUUID(), schemaVersion: 1, metadata } as const;
  const data = { ...record.attempt, kind };
  switch (outcome.status) {
    case 'released':
      return undefined;
    case 'succeeded': {
      const { result, alreadyDone } = outcome;
      return { ...common, type: 'StepSucceeded', data: { ...data, result, durationMs, alreadyDone } };
    }
    case 'undone':
      return { ...common, type: 'StepUndone', data: { ...data, durationMs, result: outcome.result } };
    case 'retry': {
      const retryAt = new Date(record.now.getTime() + outcome.afterMs).toISOString();
      return { ...common, type: 'StepFailed', data: { ...data, failure: outcome.failure, final: false, retryAt } };
    }
    case 'failed':
      return { ...common, type: 'StepFailed', data: { ...data, failure: outcome.failure, final: true } };
    case 'needs-decision':
      return { ...common, type: 'StepNeedsDecision', data: { ...data, failure: outcome.failure } };
    case 'cancelled':
      return { ...common, type: 'StepCancelled', data: { ...data, reason: outcome.reason } };
    default:
      return assertNever(outcome);
  }
}
