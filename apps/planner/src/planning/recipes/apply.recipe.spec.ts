import { describe, expect, test } from '@jest/globals';
import type { InspectProjectResult } from '#shared/contracts/steps/project-steps.js';
import { compiled, EPSM, facts, inspected, migration, planned, projectRequest } from '../project-test-kit.js';
import { applyRecipe } from './apply.recipe.js';

const APPLY = { kind: 'apply', project: 'epsm' } as const;
const stepsOf = (found: InspectProjectResult, request: object = {}) =>
  planned(applyRecipe, projectRequest({ ...APPLY, ...request }), found).steps;
const reasonsOf = (found: InspectProjectResult, request: object = {}, registry = EPSM) => {
  const outcome = compiled(applyRecipe, projectRequest({ ...APPLY, ...request }, registry), found);
  return outcome.outcome === 'refused' ? outcome.reasons : [];
};

const ELSEWHERE = { action: 'elsewhere' } as const;

/** `simulation/0004` lives on results, everything else on default. */
const ROUTED = facts({
  databases: [
    inspected('default', [migration('simulation/0003_files'), migration('simulation/0004_results', ELSEWHERE)]),
    inspected('materials', [migration('database/0002_sets')]),
    inspected('results', [
      migration('simulation/0003_files', ELSEWHERE),
      migration('simulation/0004_results', { requires: ['simulation/0003'] }),
    ]),
  ],
});

describe('Applying a project', () => {
  test('inspects every database up to the latest when the request names none', () => {
    const command = applyRecipe.inspect(projectRequest(APPLY));
    expect(command?.kind).toBe('inspect-project');
    expect(command?.params).toMatchObject({
      project: EPSM.project,
      databases: [{ alias: 'default' }, { alias: 'materials' }, { alias: 'results' }],
      backup: true,
    });
  });

  test('inspects each named database up to its own version, else to that of the request [d7 e4 e6]', () => {
    const databases = [
      { alias: 'default', fakeInitial: true },
      { alias: 'results', apps: ['simulation'], fakeTo: '0003', to: 'latest' },
    ];
    const command = applyRecipe.inspect(projectRequest({ ...APPLY, to: 'simulation/0004', databases }));
    expect(command?.params['databases']).toEqual([
      { alias: 'default', fakeInitial: true, to: 'simulation/0004' },
      { alias: 'results', apps: ['simulation'], fakeTo: '0003' },
    ]);
  });

  test('backs up what it runs on, applies in the order of what is required, and looks at it afterwards [d4 d32 e2]', () => {
    expect(stepsOf(ROUTED).map(({ id, title }) => `${id}: ${title}`)).toEqual([
      'back-up-database-1: back up default (epsm_db on main) while it is used',
      'back-up-database-2: back up materials (epsm_materials on main) while it is used',
      'back-up-database-3: back up results (epsm_results on main) while it is used',
      'apply-migrations-1: apply to default (epsm_db on main): run simulation/0003_files; record 1 as living elsewhere',
      'apply-migrations-2: apply to materials (epsm_materials on main): run database/0002_sets',
      'apply-migrations-3: apply to results (epsm_results on main): run simulation/0004_results; record 1 as living elsewhere',
      'validate-database-1: validate the schema of default (epsm_db on main)',
      'validate-database-2: validate the schema of materials (epsm_materials on main)',
      'validate-database-3: validate the schema of results (epsm_results on main)',
      'check-health: check the health of default, materials, results',
    ]);
  });

  test('keeps the backups whatever becomes of the migrations [d4]', () => {
    const backups = stepsOf(ROUTED).filter(({ kind }) => kind === 'back-up-database');
    expect(backups.map(({ params }) => [params['label'], params['kept']])).toEqual(
      Array(3).fill(['before-apply', true]),
    );
  });

  test('warns where it is told to make no backup [d32]', () => {
    const plan = planned(applyRecipe, projectRequest({ ...APPLY, backup: false }), ROUTED);
    expect(plan.steps.some(({ kind }) => kind === 'back-up-database')).toBe(false);
    expect(plan.warnings).toContainEqual(
      expect.stringContaining('no backup of results (epsm_results on main) is made'),
    );
  });

  test('is a plan without a step when nothing is pending [d8 e8]', () => {
    const plan = planned(applyRecipe, projectRequest(APPLY), facts());
    expect(plan.steps).toEqual([]);
    expect(plan.warnings).toEqual([]);
  });

  test('grants an application what it lacks, also where nothing is pending', () => {
    const [first, ...others] = facts().databases;
    const databases = first === undefined ? [] : [{ ...first, application: 'epsm_app', lacksGrants: true as const }];
    expect(stepsOf(facts({ databases: [...databases, ...others] })).map(({ id, title }) => `${id}: ${title}`)).toEqual([
      'apply-migrations: grant epsm_app rows and sequences of default (epsm_db on main)',
      'validate-database: validate the schema of default (epsm_db on main)',
      'check-health: check the health of default',
    ]);
  });

  test('proves what is recorded without being run, before anything runs [e4 e6]', () => {
    const fake = { action: 'fake' } as const;
    const pending = [migration('simulation/0001_initial', fake), migration('simulation/0004_results')];
    const found = facts({ databases: [...facts().databases.slice(0, 2), inspected('results', pending)] });
    const steps = stepsOf(found);
    expect(steps.map(({ id }) => id)).toEqual([
      'back-up-database',
      'prove-fakes',
      'apply-migrations',
      'validate-database',
      'check-health',
    ]);
    expect(steps[1]?.params['migrations']).toEqual([pending[0]]);
    expect(steps[2]?.title).toContain('run simulation/0004_results; record 1 as faked');
  });

  test('backs nothing up where only records are made', () => {
    const found = facts({
      databases: [
        ...facts().databases.slice(0, 2),
        inspected('results', [migration('simulation/0003_files', ELSEWHERE)]),
      ],
    });
    expect(stepsOf(found).map(({ id }) => id)).toEqual(['apply-migrations', 'validate-database', 'check-health']);
  });

  test('runs a program of the project whether or not a version of ours is pending: only it knows its own', () => {
    const commands = [{ name: 'migrate', database: 'default', argv: ['manage.py'], when: 'after' }] as const;
    expect(stepsOf(facts({ commands })).map(({ id }) => id)).toEqual(['back-up-database', 'run-command']);
  });

  test('runs one that goes with migrations beside them, and where there are none of ours', () => {
    const program = (name: string, database: string, when: 'before' | 'after') => ({
      ...{ name, database, when, runs: 'with-migrations' as const },
      argv: ['manage.py', name],
    });
    const found = facts({
      databases: [
        inspected('default', [], 3),
        inspected('materials', [migration('database/0002_sets')]),
        inspected('results', [], 0),
      ],
      commands: [
        program('idle', 'default', 'after'),
        program('check', 'materials', 'before'),
        program('migrate', 'results', 'after'),
      ],
    });
    expect(stepsOf(found).map(({ id, title }) => `${id}: ${title}`)).toEqual([
      'back-up-database-1: back up materials (epsm_materials on main) while it is used',
      'back-up-database-2: back up results (epsm_results on main) while it is used',
      'run-command-1: run check beside materials (epsm_materials on main): manage.py check',
      'apply-migrations: apply to materials (epsm_materials on main): run database/0002_sets',
      'run-command-2: run migrate beside results (epsm_results on main): manage.py migrate',
      'validate-database: validate the schema of materials (epsm_materials on main)',
      'check-health: check the health of materials',
    ]);
  });

  test('tells of what a transaction does not guard, of contracting, and of what was interrupted', () => {
    const pending = [
      migration('main/v003_index', { transactional: false, interrupted: true }),
      migration('main/v004_drop', { phase: 'contract' }),
    ];
    const found = facts({ databases: [inspected('default', pending), ...facts().databases.slice(1)] });
    expect(planned(applyRecipe, projectRequest(APPLY), found).warnings).toEqual([
      'main/v003_index on default was interrupted: it goes on behind the last statement that was finished',
      'main/v003_index on default runs outside a transaction: when a statement fails, those before it stand',
      'main/v004_drop on default contracts: it takes away what the release before still uses; every part of that must be gone by now',
    ]);
  });

  test('holds the project, every database and every service that uses them', () => {
    const registry = { ...EPSM, services: ['epsm-web'] };
    const plan = planned(applyRecipe, projectRequest(APPLY, registry), facts());
    expect(plan.reservations).toEqual([
      'project:epsm',
      'database:main/epsm_db',
      'database:main/epsm_materials',
      'database:main/epsm_results',
      'service:epsm-web',
    ]);
  });

  test('writes into the tracking row who asked', () => {
    expect(stepsOf(ROUTED).find(({ kind }) => kind === 'apply-migrations')?.params['appliedBy']).toBe('key:deploy');
  });

  test('reads side by side once everything is written', () => {
    const { steps } = planned(applyRecipe, projectRequest(APPLY), ROUTED);
    const readers = steps.filter(({ kind }) => kind === 'validate-database' || kind === 'check-health');
    const written = steps.filter((step) => !readers.includes(step));
    expect(readers.length).toBeGreaterThan(1);
    expect(readers.map(({ after }) => after)).toEqual(readers.map(() => [written.at(-1)?.id]));
  });
});

describe('An apply is refused', () => {
  const two = facts({ databases: facts().databases.slice(0, 2) });

  test('when it forgets a database that the router names, and says which [e17]', () => {
    const databases = [{ alias: 'default' }, { alias: 'materials' }];
    expect(reasonsOf(two, { databases })).toEqual([
      expect.objectContaining({
        code: 'COVERAGE_INCOMPLETE',
        detail: expect.stringContaining(
          'the router sends migrations to results, which is neither asked for nor left out',
        ),
        facts: { database: 'results' },
      }),
    ]);
  });

  test('not when the database is left out with a reason, which the plan repeats [e17]', () => {
    const leaveOut = { results: 'moves to another server tonight' };
    const request = projectRequest({ ...APPLY, leaveOut });
    expect(applyRecipe.inspect(request)?.params['databases']).toEqual([{ alias: 'default' }, { alias: 'materials' }]);
    expect(planned(applyRecipe, request, two).warnings).toEqual([
      'results is left as it is: moves to another server tonight',
    ]);
  });

  test('when it forgets an app that is at home on a database [e17]', () => {
    const databases = [{ alias: 'default', apps: ['accounts'] }, { alias: 'materials' }, { alias: 'results' }];
    expect(reasonsOf(facts(), { databases })).toEqual([
      expect.objectContaining({ code: 'COVERAGE_INCOMPLETE', facts: { database: 'default', app: 'simulation' } }),
    ]);
  });

  test('when a check of the inspection failed, with all that speaks against it at once', () => {
    const checks = [
      { name: 'file-changed', severity: 'error', passed: false, found: 'main/v001 was altered' },
    ] as const;
    const databases = [{ alias: 'default' }, { alias: 'materials' }];
    expect(reasonsOf({ ...two, checks }, { databases }).map(({ code }) => code)).toEqual([
      'PREFLIGHT_FAILED',
      'COVERAGE_INCOMPLETE',
    ]);
  });

  test('when the inspection is silent about a database', () => {
    expect(() => compiled(applyRecipe, projectRequest(APPLY), two)).toThrow('says nothing of the database results');
  });
});
