import { describe, expect, test } from '@jest/globals';
import { upgradeRequest } from '../planning/upgrade-test-kit.js';
import { BROKEN, History } from './history-test-kit.js';
import type { MigrationState } from './migration-state.js';
import { mayApprove, mayCancel, mayPause, mayResolve, mayResume, mayRetry, mayRollBack } from './permissions.js';

type Answer = 'allowed' | 'STATE_CONFLICT' | 'POINT_OF_NO_RETURN_PASSED' | 'NOT_FOUND';
type Asked = { readonly allowed: true } | { readonly allowed: false; readonly refusal: { readonly code: string } };

const answer = (permission: Asked) => (permission.allowed ? 'allowed' : permission.refusal.code);

interface Moment {
  readonly moment: string;
  readonly state: MigrationState;
  readonly cancel: Answer;
  readonly rollBack: Answer;
  readonly pause: Answer;
}

const at = (stepId: string) => History.requested().until(stepId).state;
const paused = () =>
  History.requested()
    .until('provision-server')
    .add('MigrationPaused', { migrationId: 'm', requestedBy: 'k', reason: 'r' });
const halted = () => {
  const history = History.requested().until('restore-database').started('restore-database');
  return history.told('restore-database', { needsDecision: BROKEN }).settle();
};

const CONFLICT = 'STATE_CONFLICT';
const PASSED = 'POINT_OF_NO_RETURN_PASSED';
const moments: readonly Moment[] = [
  {
    moment: 'nothing was requested',
    state: { status: 'unknown' },
    cancel: 'NOT_FOUND',
    rollBack: 'NOT_FOUND',
    pause: 'NOT_FOUND',
  },
  {
    moment: 'it was just requested',
    state: History.requested().state,
    cancel: 'allowed',
    rollBack: 'allowed',
    pause: CONFLICT,
  },
  { moment: 'it is inspected', state: at('inspect'), cancel: 'allowed', rollBack: 'allowed', pause: CONFLICT },
  { moment: 'it prepares', state: at('create-database'), cancel: 'allowed', rollBack: 'allowed', pause: 'allowed' },
  { moment: 'it is paused', state: paused().state, cancel: 'allowed', rollBack: 'allowed', pause: CONFLICT },
  {
    moment: 'the stop is commanded and no executor told of it yet',
    state: at('stop-service'),
    cancel: 'allowed',
    rollBack: 'allowed',
    pause: CONFLICT,
  },
  {
    moment: 'the application is down',
    state: at('restore-database'),
    cancel: 'allowed',
    rollBack: 'allowed',
    pause: CONFLICT,
  },
  { moment: 'it halted', state: halted().state, cancel: 'allowed', rollBack: 'allowed', pause: CONFLICT },
  {
    moment: 'the start is commanded',
    state: at('start-service'),
    cancel: CONFLICT,
    rollBack: 'allowed',
    pause: CONFLICT,
  },
  {
    moment: 'connections are verified',
    state: at('retire-source'),
    cancel: PASSED,
    rollBack: PASSED,
    pause: 'allowed',
  },
  {
    moment: 'it is completed',
    state: History.requested().until().state,
    cancel: CONFLICT,
    rollBack: PASSED,
    pause: CONFLICT,
  },
  {
    moment: 'it is being taken back',
    state: History.requested().until('dump-database').fails('dump-database').settle().state,
    cancel: CONFLICT,
    rollBack: CONFLICT,
    pause: CONFLICT,
  },
];

describe('whether a wish fits', () => {
  test.each(moments)('when $moment: cancel $cancel, rollback $rollBack, pause $pause', (moment) => {
    expect({
      cancel: answer(mayCancel(moment.state)),
      rollBack: answer(mayRollBack(moment.state)),
      pause: answer(mayPause(moment.state)),
    }).toEqual({ cancel: moment.cancel, rollBack: moment.rollBack, pause: moment.pause });
  });

  test('a rollback after the point of no return names the way that is left', () => {
    const permission = mayRollBack(at('retire-source'));
    expect(permission.allowed ? '' : permission.refusal.detail).toContain('"return"');
  });

  test('an approval fits only the plan that waits for it', () => {
    const by = { approvedBy: 'key:approver' };
    const history = History.requested(upgradeRequest({}, { approval: 'required' }))
      .settle()
      .done('inspect')
      .settle();
    expect(answer(mayApprove(history.state, { ...by, planHash: history.last('PlanCompiled').planHash }))).toBe(
      'allowed',
    );
    expect(answer(mayApprove(history.state, { ...by, planHash: '0'.repeat(64) }))).toBe(CONFLICT);
    expect(answer(mayApprove(at('dump-database'), { ...by, planHash: history.last('PlanCompiled').planHash }))).toBe(
      CONFLICT,
    );
  });

  test('only what is paused can resume', () => {
    expect(answer(mayResume(paused().state))).toBe('allowed');
    expect(answer(mayResume(at('dump-database')))).toBe(CONFLICT);
  });

  test('a retry and a resolution are for the step that halted, and name its run', () => {
    const { state } = halted();
    const key = { migrationId: expect.any(String), stepId: 'restore-database', direction: 'run', generation: 1 };
    expect(mayRetry(state)).toEqual({ allowed: true, key });
    expect(mayResolve(state, 'restore-database')).toEqual({ allowed: true, key });
    expect(answer(mayResolve(state, 'dump-database'))).toBe(CONFLICT);
    expect(answer(mayRetry(at('restore-database')))).toBe(CONFLICT);
  });
});
