import { describe, expect, test } from '@jest/globals';
import { compiled, facts, planned, projectRequest } from '../project-test-kit.js';
import { healthRecipe, validateRecipe } from './project-reading.recipes.js';

const VALIDATE = { kind: 'validate', project: 'epsm' } as const;
const HEALTH = { kind: 'health', project: 'epsm' } as const;
const FAILED = { name: 'file-changed', severity: 'error', passed: false, found: 'main/v001 was altered' } as const;

describe('Validating a project', () => {
  test('judges every database by every category, and holds nothing [d11]', () => {
    const { steps, reservations } = planned(validateRecipe, projectRequest(VALIDATE), facts());
    expect(steps.map(({ id }) => id)).toEqual(['validate-database-1', 'validate-database-2', 'validate-database-3']);
    expect(steps[0]?.params['categories']).toEqual(['schema', 'indexes', 'constraints', 'data', 'security']);
    expect(reservations).toEqual([]);
  });

  test('judges one database by some categories only [d11]', () => {
    const request = projectRequest({ ...VALIDATE, database: 'results', categories: ['data'] });
    expect(validateRecipe.inspect(request)?.params).toMatchObject({ databases: [{ alias: 'results' }], backup: false });
    const { steps } = planned(validateRecipe, request, facts());
    expect(steps.map(({ title }) => title)).toEqual(['validate results (epsm_results on main): data']);
  });

  test('runs every version up, down and up again only where that is asked for', () => {
    const request = projectRequest({ ...VALIDATE, database: 'results', upDownUp: true });
    const { steps } = planned(validateRecipe, request, facts());
    expect(steps.map(({ id }) => id)).toEqual(['validate-database', 'prove-reverts']);
  });

  test('goes on where an apply would be refused', () => {
    expect(planned(validateRecipe, projectRequest(VALIDATE), facts({ checks: [FAILED] })).steps).toHaveLength(3);
  });

  test('is refused where a database could not be read', () => {
    const found = facts({ databases: facts().databases.slice(1), checks: [FAILED] });
    expect(compiled(validateRecipe, projectRequest(VALIDATE), found).outcome).toBe('refused');
  });
});

describe('Looking at the health of a project', () => {
  test('is one step over all databases that holds nothing', () => {
    const { steps, reservations } = planned(healthRecipe, projectRequest(HEALTH));
    expect(steps.map(({ kind, params }) => [kind, params['databases']])).toEqual([['check-health', undefined]]);
    expect(reservations).toEqual([]);
  });

  test('looks only at the databases that are named', () => {
    const { steps } = planned(healthRecipe, projectRequest({ ...HEALTH, databases: ['results'] }));
    expect(steps[0]?.params['databases']).toEqual(['results']);
  });
});
