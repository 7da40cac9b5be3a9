import { describe, expect, test } from '@jest/globals';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { FACTS, REGISTRY, upgradeRequest } from '../planning/upgrade-test-kit.js';
import type { UpgradeRegistry } from '../planning/upgrade-registry.js';
import { decideBusy } from './decide-planning.js';
import { History } from './history-test-kit.js';

const RESIZE_ONLY = upgradeRequest({ entitlements: { to: { plan: 'standard', cpu: 2 } } });
const BUSY = { subject: 'service:odoo', holder: 'b7e5c1aa-0000-4000-8000-000000000000' };

/** It waited, and its registry entries were read anew. */
function refreshed(history: History, changes: Partial<UpgradeRegistry> = {}): void {
  const { migrationId, policies } = history.known.request;
  history.add('RegistryRefreshed', { migrationId, registry: asJsonObject({ ...REGISTRY, ...changes }), policies });
}

describe('a request', () => {
  test('that moves is inspected first [c1]', () => {
    const history = History.requested();
    expect(history.advance()).toEqual(['StepCommanded inspect']);
    expect(history.last('StepCommanded')).toMatchObject({
      kind: 'inspect-move',
      direction: 'run',
      generation: 1,
      params: { owner: 'acme_app', source: { database: 'acme', server: { name: 'pool-2' } } },
    });
    expect(history.state.status).toBe('inspecting');
  });

  test('that only resizes is compiled at once [c3]', () => {
    expect(History.requested(RESIZE_ONLY).decided()).toEqual(['PlanCompiled']);
  });

  test('of an unknown kind is refused and says so', () => {
    const history = History.requested(upgradeRequest(), { kind: 'teleport' });
    expect(history.advance()).toEqual(['PlanRefused']);
    expect(history.last('PlanRefused').reasons).toEqual([{ code: 'KIND_UNKNOWN', detail: 'no recipe for "teleport"' }]);
  });

  test('whose snapshot cannot be read is refused instead of stopping everybody', () => {
    const history = History.requested({ ...upgradeRequest(), registry: {} });
    expect(history.advance()).toEqual(['PlanRefused']);
  });

  test('for later waits for its time and is inspected then', () => {
    const runAt = '2026-11-22T03:00:00Z';
    const history = History.requested(upgradeRequest({}, { runAt }));
    expect(history.advance()).toEqual(['MigrationScheduled', 'TimerSet']);
    expect(history.last('TimerSet')).toMatchObject({ timer: 'run-at', dueAt: runAt });
    expect(history.decided()).toEqual([]);
    const { migrationId } = history.known.request;
    history.add('TimerFired', { migrationId, timer: 'run-at' });
    expect(history.decide()).toEqual({ events: [], refresh: true });
    refreshed(history);
    expect(history.decided()).toEqual(['StepCommanded inspect']);
  });

  test('that waits for its time can be cancelled', () => {
    const history = History.requested(upgradeRequest({}, { runAt: '2026-11-22T03:00:00Z' }));
    history.settle().add('MigrationCancelRequested', { migrationId: 'm', requestedBy: 'key:a', reason: 'not tonight' });
    expect(history.advance()).toEqual(['MigrationCancelled']);
    expect(history.last('MigrationCancelled').reason).toBe('not tonight');
  });
});

describe('an inspection', () => {
  test('that succeeds becomes a plan with its hash, and everything it touches is reserved', () => {
    const history = History.requested().settle().done('inspect');
    const decision = history.decide();
    expect(decision.events.map(({ type }) => type)).toEqual(['PlanCompiled']);
    expect(decision.reserve).toEqual([
      `instance:${REGISTRY.instance.instanceId}`,
      'database:pool-2/acme',
      'service:odoo-acme-46784872',
      'file:/etc/odoo/acme.conf',
    ]);
  });

  test('with failed checks refuses the plan with all of them at once, before anything is stopped [c25]', () => {
    const missing = { name: 'config-file', severity: 'error', passed: false, found: 'acme.conf is missing' };
    const disk = { name: 'disk-headroom', severity: 'error', passed: false, found: 'no room' };
    const history = History.requested()
      .settle()
      .done('inspect', asJsonObject({ ...FACTS, checks: [missing, disk] }));
    expect(history.decide().release).toBe(true);
    history.advance();
    expect(history.last('PlanRefused').reasons.map(({ detail }) => detail)).toEqual([
      'config-file: acme.conf is missing',
      'disk-headroom: no room',
    ]);
    expect(history.last('PlanRefused').checks).toContainEqual(missing);
    expect(history.state.status).toBe('refused');
  });

  test('that fails refuses the plan with its failure', () => {
    const failed = { code: 'POSTGRES_AUTHENTICATION_FAILED', detail: 'pool-2 refused the login' } as const;
    const history = History.requested().settle().fails('inspect', failed);
    expect(history.advance()).toEqual(['PlanRefused']);
    expect(history.last('PlanRefused').reasons).toEqual([failed]);
  });

  test('is cancelled with its migration', () => {
    const history = History.requested().settle().started('inspect');
    history.add('MigrationCancelRequested', { migrationId: 'm', requestedBy: 'key:a', reason: 'wrong tenant' });
    expect(history.advance()).toEqual(['StepCancelCommanded inspect']);
    expect(history.decided()).toEqual([]);
    history.told('inspect', { cancelled: 'wrong tenant' });
    expect(history.advance()).toEqual(['MigrationCancelled']);
  });
});

describe('a plan whose subjects are held by another migration', () => {
  test('is refused with the holder', () => {
    const history = History.requested().settle().done('inspect');
    const { events, release } = decideBusy(history.known, BUSY);
    expect(events).toMatchObject([{ type: 'PlanRefused', data: { reasons: [{ code: 'SUBJECT_BUSY', facts: BUSY }] } }]);
    expect(release).toBe(true);
  });

  test.each([
    { says: 'its options say so', requestedBy: 'key:tests', options: { onBusy: 'queue' } },
    { says: 'it came over Kafka', requestedBy: 'source:billing', options: {} },
  ])('queues when $says, and reads the facts again then', ({ requestedBy, options }) => {
    const history = History.requested(upgradeRequest({}, options), { requestedBy }).settle().done('inspect');
    const { events } = decideBusy(history.known, BUSY);
    expect(events).toMatchObject([{ type: 'MigrationScheduled' }, { type: 'TimerSet', data: { timer: 'busy-1' } }]);
    const { migrationId } = history.known.request;
    history.add('MigrationScheduled', { migrationId, runAt: '2026-11-21T01:00:01Z' });
    history.add('TimerSet', { migrationId, timer: 'busy-1', dueAt: '2026-11-21T01:00:01Z' });
    expect(history.decided()).toEqual([]);
    history.add('TimerFired', { migrationId, timer: 'busy-1' });
    expect(history.decide()).toEqual({ events: [], refresh: true });
    refreshed(history, { source: { ...REGISTRY.source, port: 6543 } });
    expect(history.advance()).toEqual(['StepCommanded inspect 2']);
    expect(history.last('StepCommanded').params).toMatchObject({ source: { server: { port: 6543 } } });
  });

  test('waits longer each time, a minute at most', () => {
    const history = History.requested(upgradeRequest({}, { onBusy: 'queue' }))
      .settle()
      .done('inspect');
    const waits = Array.from({ length: 9 }, (_, tries) => {
      const { state } = history;
      if (state.status !== 'inspecting') throw new Error(state.status);
      const dueAt = new Date(Date.parse(state.lastAt)).toISOString();
      const timers = Array.from({ length: tries }, (__, index) => ({
        timer: `busy-${String(index + 1)}`,
        dueAt,
        fired: true,
      }));
      const [scheduled] = decideBusy({ ...state, timers }, BUSY).events;
      return scheduled?.type === 'MigrationScheduled' ? Date.parse(scheduled.data.runAt) - Date.parse(dueAt) : 0;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000));
  });
});

describe('approval', () => {
  const waiting = () =>
    History.requested(upgradeRequest({}, { approval: 'required' }))
      .settle()
      .done('inspect')
      .settle();
  const approve = (history: History, planHash: string) =>
    history.add('PlanApproved', { migrationId: 'm', planHash, approvedBy: 'key:approver' });

  test('is waited for when the policy asks for it', () => {
    const history = waiting();
    expect(history.state.status).toBe('awaiting-approval');
    expect(history.decided()).toEqual([]);
  });

  test('of the very plan lets it go on', () => {
    const history = waiting();
    approve(history, history.last('PlanCompiled').planHash);
    expect(history.decided()).toEqual(['StepCommanded provision-server']);
  });

  test('of another plan changes nothing', () => {
    const history = approve(waiting(), '0'.repeat(64));
    expect(history.state.status).toBe('awaiting-approval');
    expect(history.decided()).toEqual([]);
  });

  test('under four eyes by who asked for it changes nothing', () => {
    const policies = [{ name: 'production', match: {}, approval: 'required', fourEyes: true }] as const;
    const history = History.requested(upgradeRequest(), { policies }).settle().done('inspect').settle();
    const { planHash, approval } = history.last('PlanCompiled');
    expect(approval).toEqual({ policies: ['production'], fourEyes: true });
    history.add('PlanApproved', { migrationId: 'm', planHash, approvedBy: history.known.request.requestedBy });
    expect(history.state.status).toBe('awaiting-approval');
    expect(approve(history, planHash).decided()).toEqual(['StepCommanded provision-server']);
  });

  test('may be answered with a cancel, which ends it and releases its subjects', () => {
    const history = waiting().add('MigrationCancelRequested', { migrationId: 'm', requestedBy: 'key:a', reason: 'no' });
    expect(history.decide().release).toBe(true);
    expect(history.advance()).toEqual(['MigrationCancelled']);
  });
});

describe('a dry run', () => {
  const described = () =>
    History.requested(upgradeRequest({}, { approval: 'required' }), { dryRun: true })
      .settle()
      .done('inspect')
      .settle();

  test('reserves nothing and lets every step describe itself', () => {
    const history = History.requested(upgradeRequest(), { dryRun: true }).settle().done('inspect');
    expect(history.decide().reserve).toBeUndefined();
    history.settle();
    expect(history.last('StepCommanded')).toMatchObject({ kind: 'describe-plan', stepId: 'describe-plan' });
  });

  test('ends with plan, hash and descriptions, and changes no record', () => {
    const steps = [{ stepId: 'stop-service', lines: [] }];
    const history = described().done('describe-plan', { steps });
    expect(history.advance()).toEqual(['MigrationCompleted']);
    const { planHash, plan } = history.last('PlanCompiled');
    expect(history.last('MigrationCompleted')).toMatchObject({ result: { planHash, plan, steps }, downtimeMs: 0 });
    expect(history.known.runs.map(({ key }) => key.stepId)).toEqual(['inspect', 'describe-plan']);
  });

  test('that cannot be described ends without anything to take back', () => {
    const history = described().fails('describe-plan');
    expect(history.advance()).toEqual(['MigrationRolledBack']);
    expect(history.last('MigrationRolledBack')).toMatchObject({ undone: [], leftovers: [] });
  });

  test('can be cancelled while it is described', () => {
    const history = described().started('describe-plan');
    history.add('MigrationCancelRequested', { migrationId: 'm', requestedBy: 'key:a', reason: 'enough' });
    expect(history.advance()).toEqual(['StepCancelCommanded describe-plan']);
    history.told('describe-plan', { cancelled: 'enough' });
    expect(history.advance()).toEqual(['MigrationCancelled']);
  });
});
