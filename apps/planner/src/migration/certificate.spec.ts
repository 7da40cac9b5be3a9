import { describe, expect, test } from '@jest/globals';
import type { Certificate } from './certificate.js';
import { ANSWERS } from './answers-test-kit.js';
import { History } from './history-test-kit.js';

function certificateOf(history: History): Certificate {
  return history.last('MigrationCompleted').result['certificate'] as unknown as Certificate;
}

function downtime(history: History): number {
  const at = (type: string, stepId: string) =>
    history.events.find((event) => event.type === type && 'stepId' in event.data && event.data.stepId === stepId);
  const [down, up] = [at('StepStarted', 'stop-service'), at('StepSucceeded', 'start-service')];
  return Date.parse(up?.recordedAt ?? '') - Date.parse(down?.recordedAt ?? '');
}

describe('the certificate of a finished move', () => {
  test('says where the tenant was and where it is, by references of secrets only [c9 c22]', () => {
    const certificate = certificateOf(History.requested().until());
    expect(certificate).toMatchObject({
      title: 'upgrade of acme to premium',
      before: { dbServerId: 'pool-2', host: 'pool-2.internal', database: 'acme', secretRef: 'env:ACME_PASSWORD' },
      after: { dbServerId: 'dedicated-7', host: '10.0.0.7', port: 6432, database: 'acme', secretRef: 'vault:acme-7' },
      retiredAs: 'acme__retired_0193a1b2',
    });
  });

  test('holds the counts and digests of the comparison and the connections seen [c20 c21]', () => {
    const { verification, connections, configFiles } = certificateOf(History.requested().until());
    const { largest: _largest, ...counted } = ANSWERS['verify-copy'];
    expect(verification).toEqual(counted);
    expect(connections).toEqual({ old: 0, new: 4, states: { idle: 4 } });
    expect(configFiles).toMatchObject([
      { path: '/etc/odoo/acme.conf', hostBefore: 'pool-2.internal', hostAfter: '10.0.0.7' },
    ]);
  });

  test('measures downtime from the first step that is down to the healthy start [c19]', () => {
    const history = History.requested().until('restore-database').started('restore-database').later(8_400);
    history.told('restore-database', { succeeded: { ...ANSWERS['restore-database'] } }).until();
    const certificate = certificateOf(history);
    expect(certificate.downtimeMs).toBe(downtime(history));
    expect(certificate.downtimeMs).toBeGreaterThan(8_400);
    expect(history.last('MigrationCompleted').downtimeMs).toBe(certificate.downtimeMs);
    expect(certificate.usualDowntimeMs).toEqual({ from: 300_000, to: 900_000 });
  });

  test('names the backup and the plan, so that both can be looked up again [c7]', () => {
    const history = History.requested().until();
    const { backup, planHash } = certificateOf(history);
    const { backupId, label, bytes, manifestHash } = ANSWERS['dump-database'];
    expect(backup).toEqual({ backupId, label, bytes, manifestHash });
    expect(planHash).toBe(history.last('PlanCompiled').planHash);
  });

  test('evidences each line of the checklist that a move can show [c5]', () => {
    const { checklist } = certificateOf(History.requested().until());
    expect(checklist.map(({ id }) => id)).toEqual([
      'c1',
      'c5',
      'c6',
      'c7',
      'c8',
      'c9',
      'c10',
      'c11',
      'c12',
      'c13',
      'c14',
      'c16',
      'c20',
      'c21',
      'c19',
    ]);
    expect(checklist.filter(({ passed, evidence }) => !passed || evidence === '')).toEqual([]);
  });

  test('does not call a line passed that its answers do not show', () => {
    const history = History.requested().until('restore-database');
    history.done('restore-database', { backupId: 'another', items: 1 }).until('verify-connections');
    history.done('verify-connections', {}).until();
    const failed = certificateOf(history).checklist.filter(({ passed }) => !passed);
    expect(failed.map(({ id }) => id)).toEqual(['c7', 'c14', 'c20', 'c21']);
  });

  test('fits into an event', () => {
    const { result } = History.requested().until().last('MigrationCompleted');
    expect(JSON.stringify(result).length).toBeLessThan(16 * 1024);
  });
});
