import { describe, expect, test } from '@jest/globals';
import { toStepId } from '#shared/contracts/ids.js';
import { checkPlan } from '../check-plan.js';
import { compiled, EPSM, facts, planned, projectRequest } from '../project-test-kit.js';
import { revertRecipe } from './revert.recipe.js';

const REVERT = { kind: 'revert', project: 'epsm', database: 'results', version: '0004' } as const;
const FOUND = facts({
  revert: { app: 'simulation', version: '0004', name: 'results', action: 'run', status: 'applied', hasDown: true },
});
const BACKUP = {
  backupId: '7d9f0a52-1111-4222-8333-444455556667',
  server: 'main',
  database: 'epsm_results',
  label: 'daily',
  tier: 'daily',
  bytes: '1000000',
  site: 'blue',
  createdAt: '2026-11-20T03:00:00.000Z',
} as const;
const MIGRATION = { app: 'simulation', version: '0004', name: 'results' };

describe('Taking a version back', () => {
  test('makes a safety backup, proves it and runs the down script [d4 d9]', () => {
    const { steps, reservations, outcome } = planned(revertRecipe, projectRequest(REVERT), FOUND);
    expect(steps.map(({ id }) => id)).toEqual([
      'back-up-database',
      'verify-backup',
      'revert-migration',
      'check-health',
    ]);
    expect(steps[0]?.params).toMatchObject({ label: 'before-revert', kept: true });
    expect(steps[1]?.inputs).toMatchObject({ backupId: { fromStep: 'back-up-database' } });
    expect(steps[2]?.params).toMatchObject({ migration: MIGRATION, revertedBy: 'key:deploy' });
    expect(reservations).toEqual(['project:epsm', 'database:main/epsm_results']);
    expect(outcome).toMatchObject({ type: 'revert', migration: 'simulation/0004_results', by: 'down-script' });
  });

  test('is never given out without a proof of that backup', () => {
    const plan = planned(revertRecipe, projectRequest(REVERT), FOUND);
    const steps = plan.steps.map((step) => ({
      ...step,
      after: step.after.map((id) => (id === 'verify-backup' ? toStepId('back-up-database') : id)),
    }));
    expect(checkPlan({ ...plan, steps })).toEqual([
      'step revert-migration destroys without a verified backup before it',
    ]);
  });

  test('in an emergency runs a script of the project instead [d10]', () => {
    const emergency = { script: 'rollback/emergency_0004.sql' };
    const request = projectRequest({ ...REVERT, emergency });
    expect(revertRecipe.inspect(request)?.params['revert']).toMatchObject(emergency);
    const { steps, outcome } = planned(revertRecipe, request, FOUND);
    expect(steps[2]?.params).toMatchObject(emergency);
    expect(outcome).toMatchObject({ by: 'emergency-script' });
  });

  test('in an emergency restores the backup beside the database, proves it and swaps them [d10]', () => {
    const emergency = { restore: { latest: { tier: 'daily' } } };
    const request = projectRequest({ ...REVERT, emergency }, { ...EPSM, backup: BACKUP });
    expect(revertRecipe.inspect(request)?.params['revert']).toMatchObject({ restore: true });
    const { steps, reservations, warnings } = planned(revertRecipe, request, FOUND);
    expect(steps.map(({ id }) => id)).toEqual([
      'back-up-database',
      'restore-backup',
      'verify-restore',
      'swap-database',
      'check-health',
    ]);
    expect(steps[1]).toMatchObject({ site: 'blue', params: { backupId: BACKUP.backupId, role: 'epsm_user' } });
    expect(steps[3]).toMatchObject({
      params: { migration: MIGRATION },
      inputs: { workingName: { fromStep: 'restore-backup', path: 'workingName' } },
    });
    expect(reservations).toContain(`backup:${BACKUP.backupId}`);
    expect(warnings).toHaveLength(3);
  });

  test('is refused for every check that failed', () => {
    const checks = [{ name: 'down-script', severity: 'error', passed: false, found: 'there is none' }] as const;
    const outcome = compiled(revertRecipe, projectRequest(REVERT), { ...FOUND, checks });
    expect(outcome).toMatchObject({ outcome: 'refused', reasons: [{ code: 'PREFLIGHT_FAILED' }] });
  });
});
