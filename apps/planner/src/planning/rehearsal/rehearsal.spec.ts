import { describe, expect, test } from '@jest/globals';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { History } from '../../migration/history-test-kit.js';
import { compile } from '../compile.js';
import type { LocatedMove } from '../located-move.js';
import { relocateRecipe } from '../recipes/relocate.recipe.js';
import { FACTS, MIGRATION_ID, REGISTRY, upgradeRequest } from '../upgrade-test-kit.js';

const rehearsing = (options = {}) =>
  History.requested(upgradeRequest({}, { rehearse: true, ...options }))
    .settle()
    .done('inspect')
    .settle();

describe('a rehearsal', () => {
  test('has no step that touches a service, a file, the record or the name of a database', () => {
    const { plan } = rehearsing().last('PlanCompiled');
    expect(plan.steps.map(({ kind }) => kind)).toEqual(['back-up-database', 'verify-backup']);
    expect(plan.steps.every(({ down, pointOfNoReturn }) => !down && pointOfNoReturn === 'before')).toBe(true);
    expect(plan.reservations).toEqual(['instance:46784872-aaaa-4bbb-8ccc-0123456789ab']);
  });

  test('says that it uses the source server when the real one would be provisioned', () => {
    const { plan } = rehearsing().last('PlanCompiled');
    expect(plan.warnings.join()).toContain('restored on the source server');
    expect(plan.steps[1]?.params).toMatchObject({ server: { name: 'pool-2' } });
  });

  test('takes back what it made before it tells what it measured', () => {
    const history = rehearsing({ maxDowntimeMs: 1 }).done('back-up-database').settle().done('verify-backup');
    expect(history.advance()).toEqual(['StepCommanded undo verify-backup']);
    expect(history.done('verify-backup', {}, 'undo').advance()).toEqual(['StepCommanded undo back-up-database']);
    expect(history.done('back-up-database', {}, 'undo').advance()).toEqual(['MigrationCompleted']);
    const { result, downtimeMs } = history.last('MigrationCompleted');
    expect(result).toMatchObject({
      rehearsal: true,
      steps: [
        { kind: 'back-up-database', standsFor: ['dump-database'], measuredMs: 10 },
        { kind: 'verify-backup', measuredMs: 10 },
      ],
      withinMaxDowntime: false,
      leftovers: [],
    });
    expect(result['assumed']).toEqual(
      expect.arrayContaining([
        { kind: 'stop-service', ms: 5_000 },
        { kind: 'start-service', ms: 15_000 },
      ]),
    );
    expect(downtimeMs).toBe(0);
  });

  test('that finds a difference is taken back and says so', () => {
    const history = rehearsing().done('back-up-database').settle().fails('verify-backup').settle();
    expect(history.undone()).toEqual(['verify-backup']);
    history.done('verify-backup', {}, 'undo').settle().done('back-up-database', {}, 'undo').settle();
    expect(history.state.status).toBe('rolled-back');
  });

  test('tells what it could not remove', () => {
    const history = rehearsing().done('back-up-database').settle().done('verify-backup').settle();
    history.done('verify-backup', {}, 'undo').settle().fails('back-up-database', undefined, 'undo').settle();
    expect(history.last('MigrationCompleted').result).toMatchObject({ leftovers: ['back-up-database'] });
  });

  test('needs nobody’s approval, whatever the policies ask of the real one', () => {
    const policies = [{ name: 'production', match: {}, approval: 'required' }] as const;
    const history = History.requested(upgradeRequest({}, { rehearse: true }), { policies })
      .settle()
      .done('inspect');
    expect(history.settle().state.status).toBe('migrating');
  });

  test('of a request that only resizes is refused: there is nothing to rehearse', () => {
    const history = History.requested(
      upgradeRequest({ entitlements: { to: { plan: 'standard', cpu: 2 } } }, { rehearse: true }),
    );
    expect(history.advance()).toEqual(['PlanRefused']);
    expect(history.last('PlanRefused').reasons).toMatchObject([{ code: 'OPTION_UNSUPPORTED' }]);
  });

  test('of a relocation restores on the very server that the move leads to', () => {
    const pg18 = { ...REGISTRY.source, name: 'pg18', host: 'pg18.internal' };
    const move: LocatedMove = {
      source: { server: REGISTRY.source, database: 'acme' },
      target: { server: pg18, database: 'acme' },
    };
    const asked = { migrationId: MIGRATION_ID, title: 'a move', subject: 'database:pool-2/acme' };
    const request = { kind: 'relocate', options: { rehearse: true } };
    const compiled = compile(relocateRecipe, { ...asked, request, registry: asJsonObject(move) }, asJsonObject(FACTS));
    if (compiled.outcome !== 'plan') throw new Error(JSON.stringify(compiled.reasons));
    const { steps, warnings, reservations, outcome } = compiled.plan;
    expect(steps.map(({ kind }) => kind)).toEqual(['back-up-database', 'verify-backup']);
    expect(steps[0]?.params).toMatchObject({ source: { server: { name: 'pool-2' }, database: 'acme' } });
    expect(steps[1]?.params).toMatchObject({ server: { name: 'pg18' } });
    expect(warnings.join()).not.toContain('source server');
    expect(reservations).toEqual(['database:pool-2/acme']);
    // No service is stopped for it, so nothing is counted for a stop and a start.
    expect(JSON.stringify(outcome)).not.toContain('-service');
  });
});
