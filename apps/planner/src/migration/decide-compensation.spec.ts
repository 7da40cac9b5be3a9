import { describe, expect, test } from '@jest/globals';
import { upgradeRequest } from '../planning/upgrade-test-kit.js';
import { BROKEN, History } from './history-test-kit.js';

const cancel = (history: History, reason = 'changed our mind') =>
  history.add('MigrationCancelRequested', { migrationId: 'm', requestedBy: 'key:a', reason });
const rollBack = (history: History) =>
  history.add('RollbackRequested', { migrationId: 'm', requestedBy: 'key:a', reason: 'looks wrong' });

describe('a failure before the point of no return', () => {
  test('brings the application back first, latest step first, then cleans up', () => {
    const history = History.requested().until('verify-copy').fails('verify-copy');
    expect(history.advance()).toEqual(['CompensationStarted']);
    expect(history.last('CompensationStarted')).toMatchObject({
      because: BROKEN,
      stepIds: [
        'fence-source',
        'stop-service',
        'verify-copy',
        'copy-settings',
        'apply-privileges',
        'restore-database',
        'dump-database',
        'create-database',
        'capture-source',
        'preflight-target',
        'provision-server',
      ],
    });
    expect(history.state.status).toBe('compensating');
  });

  test('undoes one step after the other with what it had answered', () => {
    const history = History.requested().until('verify-copy').fails('verify-copy').settle();
    expect(history.last('StepCommanded')).toMatchObject({
      stepId: 'fence-source',
      direction: 'undo',
      result: { method: 'ownership-and-limit' },
      params: { captured: { owner: 'acme_app' } },
    });
    expect(history.decided()).toEqual([]);
    history.done('fence-source', undefined, 'undo');
    expect(history.advance()).toEqual(['StepCommanded undo stop-service']);
  });

  test('undoes the failed step too, without a result', () => {
    const history = History.requested().until('stop-service').fails('stop-service').settle();
    expect(history.last('StepCommanded')).toMatchObject({ stepId: 'stop-service', direction: 'undo' });
    expect(history.last('StepCommanded')).not.toHaveProperty('result');
  });

  test('ends as rolled back, with the downtime it cost, and releases its subjects', () => {
    const history = History.requested().until('verify-copy').fails('verify-copy').until();
    expect(history.state.status).toBe('rolled-back');
    const { undone, leftovers, because, downtimeMs } = history.last('MigrationRolledBack');
    expect(undone).toEqual(history.undone());
    expect({ leftovers, because }).toEqual({ leftovers: [], because: BROKEN });
    expect(downtimeMs).toBeGreaterThan(0);
  });

  test('that meets nothing started ends at once', () => {
    const history = History.requested().until('provision-server');
    cancel(history);
    expect(history.advance()).toEqual(['StepCancelCommanded provision-server']);
    history.told('provision-server', { cancelled: 'never started' });
    expect(history.advance()).toEqual(['MigrationCancelled']);
  });

  test('of the preflight of the target keeps the application running throughout', () => {
    const history = History.requested().until('preflight-target');
    const checks = [{ name: 'target-empty', severity: 'error', passed: false, found: 'it holds 3 tables' }];
    history.done('preflight-target', { checks, serverVersion: 180004 }).until();
    expect(history.last('MigrationRolledBack')).toMatchObject({
      because: { code: 'PREFLIGHT_FAILED', detail: 'target-empty: it holds 3 tables' },
      downtimeMs: 0,
    });
    expect(history.undone()).toEqual(['preflight-target', 'provision-server']);
  });

  test('is a difference found by the comparison, even if the step called itself done', () => {
    const history = History.requested().until('verify-copy').done('verify-copy', { mismatches: 1 }).settle();
    expect(history.last('CompensationStarted').because).toMatchObject({ code: 'VERIFICATION_FAILED' });
  });
});

describe('availability first', () => {
  test('a clean-up that fails is left over and the rest goes on', () => {
    const history = History.requested().until('verify-copy').fails('verify-copy');
    history.settle().done('fence-source', undefined, 'undo').settle().done('stop-service', undefined, 'undo');
    history.settle().done('verify-copy', undefined, 'undo').settle();
    history.fails('copy-settings', BROKEN, 'undo').settle();
    history.started('apply-privileges', 'undo').told('apply-privileges', { needsDecision: BROKEN }, 'undo').until();
    expect(history.last('MigrationRolledBack').leftovers).toEqual([
      { stepId: 'copy-settings', failure: BROKEN },
      { stepId: 'apply-privileges', failure: BROKEN },
    ]);
    expect(history.last('MigrationRolledBack').undone).not.toContain('copy-settings');
    expect(history.undone().at(-1)).toBe('provision-server');
  });

  test('what keeps the application down and cannot be undone halts for a person', () => {
    const history = History.requested().until('verify-copy').fails('verify-copy').settle();
    history.fails('fence-source', BROKEN, 'undo');
    expect(history.advance()).toEqual(['MigrationHalted']);
    expect(history.last('MigrationHalted')).toMatchObject({ at: 'fence-source', because: BROKEN });
  });

  test('such an undo can be tried again and goes on from there', () => {
    const history = History.requested().until('verify-copy').fails('verify-copy').settle();
    history.fails('fence-source', BROKEN, 'undo').settle();
    const key = history.known.runs.at(-1)?.key;
    if (key === undefined) throw new Error('nothing ran');
    history.add('StepRetryRequested', { ...key, requestedBy: 'key:operator' });
    expect(history.state.status).toBe('compensating');
    expect(history.advance()).toEqual(['StepCommanded undo fence-source 2']);
    expect(history.last('StepCommanded')).toHaveProperty('result');
    expect(history.until().state.status).toBe('rolled-back');
  });
});

describe('undoing the start', () => {
  const failedCheck = () => History.requested().until('verify-connections').fails('verify-connections').settle();

  test('comes first, and an untouched target lets the old side come back [c25]', () => {
    const history = failedCheck();
    expect(history.undone()).toEqual(['start-service']);
    history.done('start-service', { targetUnchanged: true }, 'undo').until();
    expect(history.state.status).toBe('rolled-back');
    expect(history.undone().slice(0, 6)).toEqual([
      'start-service',
      'resize-service',
      'set-environment',
      'edit-config',
      'fence-source',
      'stop-service',
    ]);
  });

  test.each([{ targetUnchanged: false }, {}])('answering %j passes the point of no return and halts', (answer) => {
    const history = failedCheck().done('start-service', answer, 'undo');
    expect(history.advance()).toEqual(['PointOfNoReturnPassed', 'MigrationHalted']);
    expect(history.last('PointOfNoReturnPassed')).toMatchObject({ because: 'target-written', stepId: 'start-service' });
    expect(history.decided()).toEqual([]);
    expect(history.known.planned?.passed).toBe(true);
  });

  test('after which a person may decide that nothing of worth was written', () => {
    const history = failedCheck().done('start-service', { targetUnchanged: false }, 'undo').settle();
    const key = history.known.runs.at(-1)?.key;
    if (key === undefined) throw new Error('nothing ran');
    history.add('StepResolved', { ...key, outcome: 'done', note: 'only a session row', resolvedBy: 'key:operator' });
    expect(history.advance()).toEqual(['StepCommanded undo resize-service']);
  });

  test('that never started is not undone', () => {
    const history = rollBack(History.requested().until('start-service'));
    expect(history.advance()).toEqual(['StepCancelCommanded start-service']);
    history.told('start-service', { cancelled: 'rolled back' }).settle();
    expect(history.last('CompensationStarted').stepIds[0]).toBe('resize-service');
  });
});

describe('a cancel', () => {
  test('stops what runs, waits for it, and then takes everything back', () => {
    const history = cancel(History.requested().until('dump-database').started('dump-database'));
    expect(history.advance()).toEqual(['StepCancelCommanded dump-database']);
    expect(history.decided()).toEqual([]);
    history.told('dump-database', { cancelled: 'at a safe point' });
    expect(history.advance()).toEqual(['CompensationStarted']);
    history.until();
    expect(history.state.status).toBe('cancelled');
    expect(history.last('MigrationCancelled').reason).toBe('changed our mind');
  });

  test('that comes too late for the running step undoes it all the same', () => {
    const history = cancel(History.requested().until('dump-database').started('dump-database')).settle();
    history.told('dump-database', { succeeded: {} }).settle();
    expect(history.last('CompensationStarted').stepIds).toContain('dump-database');
  });

  test('takes a paused migration back', () => {
    const history = History.requested().until('provision-server');
    history.add('MigrationPaused', { migrationId: 'm', requestedBy: 'key:a', reason: 'wait' }).done('provision-server');
    cancel(history).until();
    expect(history.state.status).toBe('cancelled');
    expect(history.undone()).toEqual(['provision-server']);
  });
});

describe('a rollback', () => {
  test('after the start, before the point of no return, stops the check and takes everything back', () => {
    const history = rollBack(History.requested().until('verify-connections').started('verify-connections'));
    expect(history.advance()).toEqual(['StepCancelCommanded verify-connections']);
    history.told('verify-connections', { succeeded: { old: 0, new: 2 } }).settle();
    expect(history.undone()).toEqual(['start-service']);
    expect(history.until().state.status).toBe('rolled-back');
    expect(history.last('MigrationRolledBack').because.detail).toBe('rolled back: looks wrong');
  });
});

describe('a limit on downtime', () => {
  const limited = () => History.requested(upgradeRequest({}, { maxDowntimeMs: 5_000 }));

  test('that is exceeded when an outcome arrives takes the move back [c19]', () => {
    const history = limited().until('dump-database').started('dump-database').later(6_000);
    history.told('dump-database', { succeeded: {} });
    expect(history.advance()).toEqual(['CompensationStarted']);
    expect(history.last('CompensationStarted').because).toMatchObject({
      code: 'DOWNTIME_EXCEEDED',
      facts: { maxDowntimeMs: 5_000 },
    });
    expect(history.until().state.status).toBe('rolled-back');
  });

  test('is watched while a step runs, by a timer that the ledger keeps', () => {
    const history = limited().until('stop-service').started('stop-service');
    expect(history.advance()).toEqual(['TimerSet']);
    const downSince = history.known.downtime.sinceMs ?? 0;
    expect(Date.parse(history.last('TimerSet').dueAt)).toBe(downSince + 5_000);
    history.done('stop-service').until('restore-database').started('restore-database');
    history.add('TimerFired', { migrationId: 'm', timer: 'downtime' });
    expect(history.advance()).toEqual(['StepCancelCommanded restore-database']);
  });

  test('does not take back a move whose start is commanded: going on is shorter', () => {
    const history = limited().until('start-service').started('start-service').later(60_000);
    history.add('TimerFired', { migrationId: 'm', timer: 'downtime' });
    expect(history.decided()).toEqual([]);
    expect(history.until().state.status).toBe('completed');
  });
});
