import { describe, expect, it } from '@jest/globals';
import type { StepAttempt } from '#shared/contracts/events.js';
import { claimItem } from './claim.js';
import type { Outcome } from './outcome.js';
import { outcomeItem } from './outcome-item.js';
import type { StepRun } from './step-run.js';

const migrationId = '01a1fc33-d425-712a-8edf-0dc517dc0a6a';
const key = { migrationId, stepId: 'stop-service', direction: 'run', generation: 1 } as const;
const attempt: StepAttempt = { ...key, attempt: 2, fence: 7 };
const metadata = { correlationId: 'c', causationId: 'd', actor: 'executor:one' };
const record = {
  attempt,
  kind: 'stop-service',
  durationMs: 12,
  metadata,
  now: new Date('2026-11-21T01:00:00Z'),
} as const;
const failure = { code: 'POSTGRES_UNREACHABLE', detail: 'no answer' } as const;

describe('what ends an attempt', () => {
  it.each<[Outcome, string | undefined, string]>([
    [{ status: 'succeeded', result: {}, alreadyDone: true }, 'StepSucceeded', 'succeeded'],
    [{ status: 'undone', result: {} }, 'StepUndone', 'undone'],
    [{ status: 'retry', failure, afterMs: 500 }, 'StepFailed', 'waiting'],
    [{ status: 'failed', failure }, 'StepFailed', 'failed'],
    [{ status: 'needs-decision', failure }, 'StepNeedsDecision', 'needs-decision'],
    [{ status: 'cancelled', reason: 'asked' }, 'StepCancelled', 'cancelled'],
    [{ status: 'released' }, undefined, 'waiting'],
  ])('$status: event and row together, under the fence of the attempt', (outcome, type, state) => {
    const item = outcomeItem(outcome, record);
    expect(item?.appends.flatMap(({ events }) => events.map((event) => event.type))).toEqual(
      type === undefined ? [] : [type],
    );
    expect(item?.effects).toEqual([expect.objectContaining({ effect: 'finish', key, fence: 7, state })]);
  });

  it('says when the next attempt comes', () => {
    const [append] = outcomeItem({ status: 'retry', failure, afterMs: 500 }, record)?.appends ?? [];
    expect(append?.events[0]?.data).toMatchObject({ final: false, retryAt: '2026-11-21T01:00:00.500Z' });
  });

  it('is nothing at all when the lease is lost', () => {
    expect(outcomeItem({ status: 'lost' }, record)).toBeUndefined();
  });
});

describe('what claims a run', () => {
  const run: StepRun = {
    key,
    kind: 'stop-service',
    version: 1,
    params: {},
    result: undefined,
    state: 'accepted',
    attempt: 0,
    fence: 0,
    owner: undefined,
    site: undefined,
    correlationId: 'c',
    commandId: 'd',
    cancelRequested: false,
    remainingMs: 1,
  };
  const claimant = { owner: 'two', site: undefined, ttlMs: 30_000 };
  const typesOf = (candidate: StepRun) =>
    claimItem(candidate, claimant).item.appends.flatMap(({ events }) => events.map(({ type }) => type));

  it('compares the fence that was seen and begins the next attempt', () => {
    const { item, claimed } = claimItem({ ...run, attempt: 3, fence: 5 }, claimant);
    expect(item.effects).toEqual([{ effect: 'claim', key, owner: 'two', expectedFence: 5, ttlMs: 30_000 }]);
    expect(claimed.attempt).toEqual({ ...key, attempt: 4, fence: 6 });
  });

  it('tells of a lease that ran out, before the new start', () => {
    expect(typesOf(run)).toEqual(['StepStarted']);
    expect(typesOf({ ...run, state: 'waiting', attempt: 1, fence: 1 })).toEqual(['StepStarted']);
    expect(typesOf({ ...run, state: 'running', owner: 'one', attempt: 1, fence: 1 })).toEqual([
      'StepLeaseLost',
      'StepStarted',
    ]);
  });
});
