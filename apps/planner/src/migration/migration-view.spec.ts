import { describe, expect, test } from '@jest/globals';
import { BROKEN, History } from './history-test-kit.js';
import type { StepView } from '#shared/contracts/answers.js';
import { viewMigration } from './migration-view.js';

const NOW = '2026-11-21T02:00:00.000Z';
const view = (history: History) => viewMigration(history.known, [], NOW);
const stepOf = (history: History, id: string): StepView | undefined =>
  view(history).steps.find((step) => step.id === id);

describe('what a person sees of a migration', () => {
  test('is every step of the plan, done, running and waiting', () => {
    const history = History.requested().until('dump-database').started('dump-database');
    const { steps, status, planHash } = view(history);
    const count = (wanted: string) => steps.filter((step) => step.status === wanted).length;
    expect(status).toBe('migrating');
    expect(planHash).toBe(history.last('PlanCompiled').planHash);
    expect([count('succeeded'), count('running'), count('waiting')]).toEqual([7, 1, 11]);
    expect(steps[0]).toMatchObject({ id: 'inspect', phase: 'inspect', status: 'succeeded' });
  });

  test('holds the progress that the executor reports of the run at hand, and of no older one', () => {
    const history = History.requested().until('dump-database').started('dump-database');
    const row = { stepId: 'dump-database', direction: 'run', generation: 1, attempt: 1 } as const;
    const progress = { done: 13, total: 21, unit: 'tables' };
    const rows = [
      { ...row, generation: 2, progress: { ...progress, done: 0 } },
      { ...row, progress },
    ];
    const step = viewMigration(history.known, rows, NOW).steps.find(({ id }) => id === 'dump-database');
    expect(step).toMatchObject({ progress, attempt: 1, finishedAt: null });
    history.told('dump-database', { succeeded: {} });
    const after = viewMigration(history.known, rows, NOW).steps.find(({ id }) => id === 'dump-database');
    expect(after?.progress).toBeNull();
  });

  test('lets a running downtime grow and keeps a finished one', () => {
    const history = History.requested().until('dump-database');
    const since = history.known.downtime.sinceMs ?? 0;
    expect(view(history).downtimeMs).toBe(Date.parse(NOW) - since);
    history.until();
    expect(view(history).downtimeMs).toBe(history.last('MigrationCompleted').downtimeMs);
  });

  test('tells why it is taken back, and of the failed step what had failed', () => {
    const history = History.requested().until('verify-copy').fails('verify-copy').settle();
    expect(view(history)).toMatchObject({ status: 'compensating', reasons: [BROKEN] });
    expect(stepOf(history, 'fence-source')).toMatchObject({ status: 'undoing' });
    history.until();
    expect(view(history)).toMatchObject({ status: 'rolled-back', reasons: [BROKEN], leftovers: [] });
    expect(stepOf(history, 'verify-copy')).toMatchObject({ status: 'undone', error: BROKEN });
  });

  test('tells at which step a person must decide', () => {
    const history = History.requested().until('retire-source').fails('retire-source').settle();
    expect(view(history)).toMatchObject({
      status: 'halted',
      haltedAt: 'retire-source',
      pointOfNoReturnPassed: true,
      reasons: [BROKEN],
    });
    expect(stepOf(history, 'retire-source')).toMatchObject({ status: 'failed', error: BROKEN });
  });

  test('ends with the result', () => {
    expect(view(History.requested().until())).toMatchObject({
      status: 'completed',
      result: { certificate: { title: 'upgrade of acme to premium' } },
      pointOfNoReturnPassed: true,
    });
  });
});
