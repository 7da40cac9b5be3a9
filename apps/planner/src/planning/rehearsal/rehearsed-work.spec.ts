import { describe, expect, test } from '@jest/globals';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf } from '#shared/contracts/steps/step-types.js';
import { compile } from '../compile.js';
import { EPSM, facts, inspected, migration, planned, projectRequest } from '../project-test-kit.js';
import type { Compiled } from '../recipe.js';
import { applyRecipe } from '../recipes/apply.recipe.js';
import { promoteBackupRecipe } from '../recipes/catalogued-backup.recipes.js';
import { validateRecipe } from '../recipes/project-reading.recipes.js';
import { revertRecipe } from '../recipes/revert.recipe.js';

const REHEARSED = { options: { rehearse: true } } as const;
const apply = (request: object = {}) => projectRequest({ kind: 'apply', project: 'epsm', ...REHEARSED, ...request });

/** Work on two of three databases, one of them twice. */
const PENDING = facts({
  databases: [
    inspected('default', [
      migration('simulation/0003_files'),
      migration('simulation/0005_more', { requires: ['simulation/0004'] }),
    ]),
    inspected('materials', []),
    inspected('results', [migration('simulation/0004_results', { requires: ['simulation/0003'] })]),
  ],
});

const idsOf = (plan: { readonly steps: readonly { readonly id: string }[] }) => plan.steps.map(({ id }) => id);
const reasonsOf = (outcome: Compiled) => (outcome.outcome === 'refused' ? outcome.reasons.map(({ code }) => code) : []);

describe('A rehearsal of migrations', () => {
  test('gives each database that is worked on a copy, then does the work in its order [d32]', () => {
    expect(idsOf(planned(applyRecipe, apply(), PENDING))).toEqual([
      'back-up-database-1',
      'restore-backup-1',
      'back-up-database-2',
      'restore-backup-2',
      'apply-migrations-1',
      'apply-migrations-2',
      'apply-migrations-3',
      'validate-database-1',
      'validate-database-2',
    ]);
  });

  test('never names the live database where it works [d32]', () => {
    const { steps } = planned(applyRecipe, apply(), PENDING);
    const working = steps.filter(({ kind }) => kind === 'apply-migrations' || kind === 'validate-database');
    expect(
      working.map(({ params, inputs }) => [namedBy(params), inputs['database.address.database']?.fromStep]),
    ).toEqual([
      [undefined, 'restore-backup-1'],
      [undefined, 'restore-backup-2'],
      [undefined, 'restore-backup-1'],
      [undefined, 'restore-backup-1'],
      [undefined, 'restore-backup-2'],
    ]);
  });

  test('leaves no safety backup: its backups go with it, also where the request wants none', () => {
    for (const backup of [true, false]) {
      const { steps } = planned(applyRecipe, apply({ backup }), PENDING);
      const backups = steps.filter(({ kind }) => kind === 'back-up-database');
      expect(backups.map(({ params }) => [params['label'], params['kept']])).toEqual(
        Array(2).fill(['rehearsal', undefined]),
      );
    }
  });

  test('says which server carries the copies, and what it leaves out', () => {
    const command = { name: 'seed', database: 'results', argv: ['seed'], when: 'after' } as const;
    const { warnings, steps } = planned(applyRecipe, apply(), { ...PENDING, commands: [command] });
    expect(warnings.join('\n')).toMatch(/copies stand on main/);
    expect(warnings.join('\n')).toMatch(/not rehearsed: run seed/);
    expect(steps.some(({ kind }) => kind === 'run-command' || kind === 'check-health')).toBe(false);
  });

  test('holds the project, no database and no service', () => {
    expect(planned(applyRecipe, apply(), PENDING).reservations).toEqual(['project:epsm']);
  });

  test('of a revert runs the down script on a copy [d9]', () => {
    const database = inspected('results', []);
    const revert = { ...migration('simulation/0004_results'), status: 'applied', hasDown: true } as const;
    const request = projectRequest({
      kind: 'revert',
      project: 'epsm',
      database: 'results',
      version: '0004',
      ...REHEARSED,
    });
    const plan = planned(revertRecipe, request, facts({ databases: [database], revert }));
    expect(idsOf(plan)).toEqual(['back-up-database', 'restore-backup', 'verify-backup', 'revert-migration']);
    expect(plan.steps[3]?.inputs).toHaveProperty(['database.address.database']);
  });
});

describe('A rehearsal of what works on no database that is used', () => {
  test('is the same steps, undone', () => {
    const request = projectRequest({ kind: 'validate', project: 'epsm', ...REHEARSED });
    const plan = planned(validateRecipe, request, facts());
    expect(new Set(plan.steps.map(({ kind }) => kind))).toEqual(new Set(['validate-database']));
    expect(plan.outcome).toMatchObject({ type: 'rehearsal', down: false });
  });

  test('is refused where nothing of it can be done on a copy', () => {
    const backup = { backupId: 'b', database: 'acme', server: 'main', tier: 'daily', bytes: '1' };
    const request = {
      ...projectRequest({ kind: 'promote-backup', tier: 'weekly', ...REHEARSED }),
      registry: asJsonObject({ backup }),
    };
    expect(reasonsOf(compile(promoteBackupRecipe, request, undefined))).toEqual(['OPTION_UNSUPPORTED']);
  });

  test('of an apply with nothing to do has nothing to do either', () => {
    expect(planned(applyRecipe, apply(), facts()).steps).toEqual([]);
  });
});

function namedBy(params: unknown): string | undefined {
  const { address } = (params as ParamsOf<'apply-migrations'>).database;
  expect(address.server.name).toBe(EPSM.servers[0]?.name);
  return (address as Partial<typeof address>).database;
}
