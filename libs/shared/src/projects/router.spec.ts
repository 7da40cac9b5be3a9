import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ProjectDefinition, RouterDefinition } from '../contracts/projects.js';
import { routedAliases, routeOf } from './router.js';

const NO_MAKERS = new Map<string, string>();

function definitionOf(router: Partial<RouterDefinition>): ProjectDefinition {
  return {
    name: 'epsm',
    databases: [],
    router: { default: 'default', apps: {}, models: {}, rules: [], ...router },
    services: [],
    references: [],
    checks: [],
    commands: [],
    lint: 'warn',
  };
}

describe('the router', () => {
  const epsm = definitionOf({
    apps: { database: 'materials' },
    models: { 'simulation.simulationresult': 'simulation_results' },
    rules: [
      { match: 'simulation.simulationresult', to: 'results' },
      { match: 'simulation_zones*', to: 'results' },
      { match: 'simulation.energyuse', to: 'results' },
    ],
  });
  const makers = new Map([
    ['materials', 'database'],
    ['simulation_runs', 'simulation'],
    ['database_log', 'accounts'],
  ]);

  it.each([
    ['simulation_results', 'results', 'rule'],
    ['public.simulation_results', 'results', 'rule'],
    ['simulation_zones_2024', 'results', 'rule'],
    ['simulation_energyuse', 'results', 'rule'],
    ['materials', 'materials', 'app'],
    ['database_constructionset', 'materials', 'app'],
    ['database_log', 'default', 'default'],
    ['simulation_runs', 'default', 'default'],
    ['auth_user', 'default', 'default'],
  ])('finds the database of %s: %s, by %s [e2]', (table, database, because) => {
    expect(routeOf(epsm, table, makers)).toMatchObject({ database, because });
  });

  it('does not take a model for the table that it is not', () => {
    const { models, rules } = epsm.router;
    expect(routeOf(definitionOf({ models, rules }), 'simulation_simulationresult', makers).because).toBe('default');
  });

  it('names every alias of defaults, apps and rules once', () => {
    expect(routedAliases(epsm)).toEqual(['default', 'materials', 'results']);
  });

  it('prefers the longest literal prefix, whatever the order of the rules', () => {
    const name = fc.stringMatching(/^[ab_]{0,6}$/);
    const rules = fc.uniqueArray(fc.tuple(name, fc.boolean()), { selector: ([text, any]) => `${text}${any}` });
    fc.assert(
      fc.property(name, rules, fc.array(fc.nat(), { minLength: 1 }), (table, pairs, dice) => {
        const given = pairs.map(([text, any], index) => ({ match: `${text}${any ? '*' : ''}`, to: `db${index}` }));
        const fitting = pairs.filter(([text, any]) => (any ? table.startsWith(text) : table === text));
        const best = Math.max(...fitting.map(([text]) => text.length));
        const shuffled = given
          .map((rule, index) => ({ rule, at: dice[index % dice.length] ?? 0 }))
          .sort((one, other) => one.at - other.at)
          .map(({ rule }) => rule);
        const route = routeOf(definitionOf({ rules: shuffled }), table, NO_MAKERS);
        if (fitting.length === 0) expect(route.because).toBe('default');
        else expect(route.rule?.match.replace('*', '')).toHaveLength(best);
        expect(routeOf(definitionOf({ rules: given }), table, NO_MAKERS).database).toBe(route.database);
      }),
    );
  });
});
