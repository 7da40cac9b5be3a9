import { beforeAll, describe, expect, it } from '@jest/globals';
import { forgottenDatabases } from '../../contracts/project-coverage.js';
import type { LoadedProject } from '../load-project.js';
import { loadedProject } from '../project-test-kit.js';
import { coverageOf } from './coverage.js';
import { rowOf, THREE_DATABASES } from './decision-test-kit.js';
import { pendingOf } from './pending-of.js';
import { unmetRequirements, type DatabaseState } from './unmet-requirements.js';

let epsm: LoadedProject;
beforeAll(async () => {
  epsm = await loadedProject(THREE_DATABASES);
});

describe('a request', () => {
  it('cannot forget a database that the router names [e17]', () => {
    const { routed } = coverageOf(epsm, undefined);
    expect(routed).toEqual(['default', 'materials', 'results']);
    expect(forgottenDatabases(routed, { asked: ['default'] })).toEqual(['materials', 'results']);
    expect(forgottenDatabases(routed, { asked: ['default'], leaveOut: { results: 'moved next week' } })).toEqual([
      'materials',
    ]);
    expect(forgottenDatabases(routed, {})).toEqual([]);
  });

  it('cannot forget the app of a migration that lives on a database it asks for [e17]', () => {
    const selected = [{ alias: 'default' }, { alias: 'results', apps: ['accounts'] }];
    expect(coverageOf(epsm, selected).uncovered).toEqual([
      { migration: 'simulation/0004', alias: 'results' },
      { migration: 'simulation/0005', alias: 'results' },
    ]);
    expect(coverageOf(epsm, [{ alias: 'results', apps: ['simulation'] }]).uncovered).toEqual([]);
  });
});

describe('a requirement', () => {
  function stateOf(alias: string, apps: readonly string[] | undefined, applied: readonly string[] = []): DatabaseState {
    const rows = applied.map((id) => rowOf(epsm, id, 'applied'));
    const database = apps === undefined ? { alias } : { alias, apps };
    return { alias, rows, pending: pendingOf({ project: epsm, database, rows, existing: new Set() }).pending };
  }

  it('is met by what is applied before it, on whichever database it lives [d3]', () => {
    const all = [stateOf('default', undefined), stateOf('materials', ['database']), stateOf('results', ['simulation'])];
    expect(unmetRequirements(epsm, all)).toEqual([]);
  });

  it('is met by what was applied there before', () => {
    const done = ['accounts/0001', 'simulation/0001', 'simulation/0002', 'simulation/0003'];
    const idle = { ...stateOf('default', undefined, done), pending: [] };
    expect(unmetRequirements(epsm, [idle, stateOf('results', ['simulation'])])).toEqual([]);
  });

  it('is unmet when its app is not asked for on its own database [d3]', () => {
    expect(unmetRequirements(epsm, [stateOf('default', ['simulation'])])).toEqual([
      'simulation/0001_runs on default requires accounts/0001, which is not applied there and not asked for; add accounts to the apps of default',
    ]);
  });

  it('is unmet when its database is not asked for, whichever comes first [d3]', () => {
    const results = stateOf('results', ['simulation']);
    expect(unmetRequirements(epsm, [results])).toEqual([
      expect.stringContaining('requires simulation/0003, which is not applied to its database default'),
    ]);
    expect(unmetRequirements(epsm, [results, stateOf('default', undefined)])).toEqual([]);
  });
});
