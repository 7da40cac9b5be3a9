import { describe, expect, test } from '@jest/globals';
import { instanceStream, registryStream } from '#shared/contracts/streams.js';
import { REGISTRY, upgradeRequest } from '../planning/upgrade-test-kit.js';
import { ANSWERS } from './answers-test-kit.js';
import { BROKEN, History } from './history-test-kit.js';

const { instanceId } = REGISTRY.instance;

describe('a migration under way', () => {
  test('commands a step when those before it are done, and only then', () => {
    const history = History.requested().until('provision-server');
    expect(history.decided()).toEqual([]);
    history.started('provision-server');
    expect(history.decided()).toEqual([]);
    history.told('provision-server', { succeeded: { ...ANSWERS['provision-server'] } as never });
    expect(history.decided()).toEqual(['StepCommanded preflight-target']);
  });

  test('goes on in spite of a pause while the application is down, and holds back what comes after', () => {
    const history = History.requested().until('stop-service');
    history.add('MigrationPaused', { migrationId: 'm', requestedBy: 'key:a', reason: 'came too late' });
    history.until('start-service').done('start-service');
    expect(history.state.status).toBe('paused');
    expect(history.decided()).toEqual([]);
  });

  test('gives a step what earlier steps answered', () => {
    const history = History.requested().until('edit-config');
    expect(history.last('StepCommanded').params).toMatchObject({
      connection: { host: '10.0.0.7', port: 6432, user: 'acme_7', secretRef: 'vault:acme-7', database: 'acme' },
    });
  });

  test('names the plan that each command belongs to', () => {
    const history = History.requested().until('stop-service');
    expect(history.last('StepCommanded').planHash).toBe(history.last('PlanCompiled').planHash);
  });

  test('waits while a step is tried again', () => {
    const history = History.requested().until('dump-database').started('dump-database');
    const { key, kind } = history.known.runs.at(-1) ?? { key: undefined, kind: undefined };
    if (key === undefined) throw new Error('nothing runs');
    history.add('StepFailed', { ...key, kind, attempt: 1, fence: 1, failure: BROKEN, final: false });
    expect(history.decided()).toEqual([]);
  });

  test('halts when an earlier step did not answer what a step needs', () => {
    const { role: _role, ...answer } = ANSWERS['provision-server'];
    const history = History.requested()
      .until('provision-server')
      .done('provision-server', answer as never);
    expect(history.advance()).toEqual(['MigrationHalted']);
    expect(history.last('MigrationHalted').because).toMatchObject({ code: 'STEP_INPUT_MISSING' });
  });

  test('halts when nobody knows whether a step took effect, and takes nothing back by itself', () => {
    const history = History.requested().until('restore-database').started('restore-database');
    history.told('restore-database', { needsDecision: { code: 'STEP_STATE_UNKNOWN', detail: 'half restored' } });
    expect(history.advance()).toEqual(['MigrationHalted']);
    expect(history.last('MigrationHalted')).toMatchObject({ at: 'restore-database' });
    expect(history.decided()).toEqual([]);
  });

  test('pauses before the next step and goes on when resumed', () => {
    const history = History.requested().until('provision-server');
    history.add('MigrationPaused', { migrationId: 'm', requestedBy: 'key:a', reason: 'wait' }).done('provision-server');
    expect(history.state.status).toBe('paused');
    expect(history.decided()).toEqual([]);
    history.add('MigrationResumed', { migrationId: 'm', requestedBy: 'key:a' });
    expect(history.decided()).toEqual(['StepCommanded preflight-target']);
  });
});

describe('the point of no return', () => {
  test('passes with verified connections, and only then is the record switched [c9]', () => {
    const history = History.requested().until('verify-connections');
    expect(history.events.map(({ type }) => type)).not.toContain('InstanceMoved');
    history.done('verify-connections');
    expect(history.advance()).toEqual(['PointOfNoReturnPassed', 'ServerRegistered', 'InstanceMoved']);
    expect(history.last('InstanceMoved')).toMatchObject({
      instanceId,
      plan: 'premium',
      from: { dbServerId: 'pool-2', host: 'pool-2.internal', user: 'acme_app', dbType: 'shared' },
      to: { dbServerId: 'dedicated-7', host: '10.0.0.7', port: 6432, user: 'acme_7', dbType: 'dedicated' },
    });
    expect(history.advance()).toEqual(['StepCommanded retire-source']);
  });

  test('writes the record and the new server to their own streams, in the same append', () => {
    const { events } = History.requested().until('verify-connections').done('verify-connections').decide();
    expect(events.map(({ stream }) => stream)).toEqual([
      undefined,
      registryStream('server', 'dedicated-7'),
      instanceStream(instanceId),
    ]);
  });

  test('registers no server that the registry knew already', () => {
    const history = History.requested().until('provision-server');
    history.done('provision-server', { ...ANSWERS['provision-server'], knownToRegistry: true } as never);
    history.until('verify-connections').done('verify-connections');
    expect(history.advance()).toEqual(['PointOfNoReturnPassed', 'InstanceMoved']);
  });

  test.each([
    { found: 'sessions are left at the source', answer: { old: 1 } },
    { found: 'no session reached the target', answer: { new: 0 } },
  ])('is not passed when $found, whatever the executor made of it [c20]', ({ answer }) => {
    const history = History.requested().until('verify-connections');
    history.done('verify-connections', { ...ANSWERS['verify-connections'], ...answer });
    expect(history.advance()).toEqual(['CompensationStarted']);
    expect(history.last('CompensationStarted').because).toMatchObject({ code: 'CONNECTIONS_NOT_MOVED' });
  });

  test('once passed, a failure halts and takes nothing back: the application runs', () => {
    const history = History.requested().until('retire-source').fails('retire-source');
    expect(history.advance()).toEqual(['MigrationHalted']);
    expect(history.last('MigrationHalted')).toEqual({
      migrationId: history.known.request.migrationId,
      at: 'retire-source',
      because: BROKEN,
    });
    expect(history.known.downtime.sinceMs).toBeUndefined();
    expect(history.undone()).toEqual([]);
  });
});

describe('the end', () => {
  test('comes with the last step and releases what was held', () => {
    const history = History.requested().until('retire-source').done('retire-source');
    expect(history.decide().release).toBe(true);
    expect(history.advance()).toEqual(['MigrationCompleted']);
    expect(history.state.status).toBe('completed');
    expect(history.decided()).toEqual([]);
  });

  test('of a resize writes the new plan into the record of the tenant [c3]', () => {
    const request = upgradeRequest({ entitlements: { to: { plan: 'standard', cpu: 2 } } });
    const history = History.requested(request).until();
    expect(history.events.map(({ type }) => type).slice(-2)).toEqual(['InstanceResized', 'MigrationCompleted']);
    expect(history.last('InstanceResized')).toMatchObject({ instanceId, plan: 'standard', cpu: 2 });
    expect(history.last('MigrationCompleted').downtimeMs).toBe(0);
  });

  test('of an upgrade without resources comes at once', () => {
    const request = upgradeRequest({ entitlements: { to: { plan: 'standard' } } });
    expect(History.requested(request).until().state.status).toBe('completed');
  });
});

describe('a halted migration', () => {
  const halted = () => {
    const history = History.requested().until('restore-database').started('restore-database');
    return history.told('restore-database', { needsDecision: BROKEN }).settle();
  };
  const key = (history: History) => ({
    ...(history.known.runs.at(-1)?.key ?? { migrationId: '', stepId: '', direction: 'run', generation: 0 }),
  });

  test('tries its step again as a new generation when a person asks for it', () => {
    const history = halted();
    history.add('StepRetryRequested', { ...key(history), requestedBy: 'key:operator' });
    expect(history.state.status).toBe('migrating');
    expect(history.advance()).toEqual(['StepCommanded restore-database 2']);
    expect(history.last('StepCommanded').params).toEqual(history.known.runs.at(-2)?.params);
    expect(history.until().state.status).toBe('completed');
  });

  test('goes on when a person saw that the step is done', () => {
    const history = halted();
    history.add('StepResolved', { ...key(history), outcome: 'done', note: 'looked', resolvedBy: 'key:operator' });
    expect(history.advance()).toEqual(['StepCommanded apply-privileges']);
  });

  test('is not down any longer when a person saw that the application was started', () => {
    const history = History.requested().until('start-service').started('start-service');
    history.told('start-service', { needsDecision: BROKEN }).settle().later(3_000);
    history.add('StepResolved', { ...key(history), outcome: 'done', note: 'looked', resolvedBy: 'key:operator' });
    const { totalMs, sinceMs } = history.known.downtime;
    expect(sinceMs).toBeUndefined();
    expect(totalMs).toBeGreaterThan(3_000);
    history.later(60_000).until();
    expect(history.last('MigrationCompleted').downtimeMs).toBe(totalMs);
  });

  test('tries the step again when a person saw that it is not done', () => {
    const history = halted();
    history.add('StepResolved', { ...key(history), outcome: 'not-done', note: 'looked', resolvedBy: 'key:operator' });
    expect(history.advance()).toEqual(['StepCommanded restore-database 2']);
  });

  test('takes itself back when a person calls the step failed', () => {
    const history = halted();
    history.add('StepResolved', { ...key(history), outcome: 'failed', note: 'looked', resolvedBy: 'key:operator' });
    expect(history.advance()).toEqual(['CompensationStarted']);
  });

  test('takes itself back when a person rolls it back', () => {
    const history = halted().add('RollbackRequested', {
      migrationId: 'm',
      reason: 'back',
      requestedBy: 'key:operator',
    });
    expect(history.advance()).toEqual(['CompensationStarted']);
    expect(history.until().state.status).toBe('rolled-back');
  });
});
