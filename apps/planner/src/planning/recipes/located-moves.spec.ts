import { describe, expect, test } from '@jest/globals';
import type { Plan, PlannedStep } from '#shared/contracts/plan.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { checkPlan } from '../check-plan.js';
import { compile } from '../compile.js';
import type { LocatedMove, LocatedReturn } from '../located-move.js';
import type { Recipe } from '../recipe.js';
import { FACTS, MIGRATION_ID, REGISTRY, SERVICE } from '../upgrade-test-kit.js';
import { relocateRecipe } from './relocate.recipe.js';
import { retireRecipe } from './retire.recipe.js';
import { returnRecipe } from './return.recipe.js';

const PG18 = { ...REGISTRY.source, name: 'pg18', host: 'pg18.internal' };
const MOVE: LocatedMove = {
  source: { server: REGISTRY.source, database: 'acme', owner: 'acme_app', dbType: 'shared' },
  target: { server: PG18, database: 'acme', owner: 'acme_app', dbType: 'shared' },
  service: SERVICE,
  instance: { instanceId: REGISTRY.instance.instanceId, plan: 'basic' },
};
const WITHOUT_SERVICE: LocatedMove = {
  source: { server: REGISTRY.source, database: 'acme' },
  target: { server: PG18, database: 'acme' },
};
const RETIRED: NonNullable<LocatedReturn['retired']> = {
  retiredName: 'acme__retired_0193a1b2',
  captured: { owner: 'acme_app', connectionLimit: -1, allowConnections: true, acl: null, enabledSubscriptions: [] },
  verified: {
    tables: 21,
    rows: '412000',
    sequences: 19,
    largeObjects: 3,
    objects: 240,
    mismatches: 0,
    contentDigest: 'cd'.repeat(32),
    structureDigest: 'ef'.repeat(32),
    largest: [],
  },
};
const RETURNS = {
  migrationId: MIGRATION_ID,
  kind: 'upgrade',
  title: 'upgrade of acme',
  completedAt: '2026-11-21T01:02:03Z',
};

function compiled(recipe: Recipe, registry: object, request: object = {}, facts: object = FACTS) {
  const asked = {
    migrationId: MIGRATION_ID,
    title: 'a move',
    request: asJsonObject(request),
    registry: asJsonObject(registry),
  };
  return compile(recipe, asked, asJsonObject(facts));
}

function planOf(recipe: Recipe, registry: object, request: object = {}, facts: object = FACTS): Plan {
  const answer = compiled(recipe, registry, request, facts);
  if (answer.outcome !== 'plan') throw new Error(JSON.stringify(answer.reasons));
  return answer.plan;
}

function refusal(recipe: Recipe, registry: object, request: object = {}, facts: object = FACTS): string {
  const answer = compiled(recipe, registry, request, facts);
  return answer.outcome === 'refused' ? answer.reasons.map(({ detail }) => detail).join('\n') : '';
}

const ids = (plan: Plan): string[] => plan.steps.map((step) => step.id);

function stepOf(plan: Plan, id: string): PlannedStep {
  const step = plan.steps.find((one) => one.id === id);
  if (step === undefined) throw new Error(`no step ${id}`);
  return step;
}

describe('a relocation', () => {
  test('is the move of an upgrade to a server that stands already', () => {
    const plan = planOf(relocateRecipe, MOVE);
    expect(ids(plan)).toEqual([
      'preflight-target',
      'capture-source',
      'create-database',
      'stop-service',
      'fence-source',
      'dump-database',
      'restore-database',
      'apply-privileges',
      'copy-settings',
      'verify-copy',
      'publish-database',
      'edit-config',
      'set-environment',
      'start-service',
      'verify-connections',
      'retire-source',
    ]);
    expect(plan.reservations).toEqual([
      `instance:${REGISTRY.instance.instanceId}`,
      'database:pool-2/acme',
      'database:pg18/acme',
      `service:${SERVICE.name}`,
      'file:/etc/odoo/acme.conf',
    ]);
    expect(plan.outcome).toMatchObject({
      plan: 'basic',
      to: { dbServerId: 'pg18', dbType: 'shared', database: 'acme' },
    });
  });

  test('judges its target before there is a plan', () => {
    const command = relocateRecipe.inspect({ migrationId: '', title: '', request: {}, registry: asJsonObject(MOVE) });
    expect(command?.params).toMatchObject({ target: { server: { name: 'pg18' }, database: 'acme', role: 'acme_app' } });
  });

  test('lets the role keep its password where nobody knows it', () => {
    const plan = planOf(relocateRecipe, MOVE);
    const create = stepOf(plan, 'create-database').params;
    expect(create).toMatchObject({ passwordFrom: { server: { name: 'pool-2' }, role: 'acme_app' } });
    expect(create).not.toHaveProperty('roleSecretRef');
    expect(stepOf(plan, 'edit-config').params['connection']).not.toHaveProperty('secretRef');
  });

  test('gives role and config file the password that is named', () => {
    const plan = planOf(relocateRecipe, { ...MOVE, target: { ...MOVE.target, secretRef: 'env:NEW' } });
    expect(stepOf(plan, 'create-database').params).toMatchObject({ roleSecretRef: 'env:NEW' });
    expect(stepOf(plan, 'edit-config').params).toMatchObject({ connection: { secretRef: 'env:NEW' } });
  });

  test('without a service passes the point of no return when the copy is published', () => {
    const plan = planOf(relocateRecipe, WITHOUT_SERVICE);
    expect(ids(plan)).not.toEqual(expect.arrayContaining(['stop-service']));
    expect(plan.steps.filter(({ pointOfNoReturn }) => pointOfNoReturn !== 'before').map(({ id }) => id)).toEqual([
      'publish-database',
    ]);
    expect(plan.outcome).not.toHaveProperty('instanceId');
    // Nobody named a role: the one that owns the database, called the same at the target.
    expect(stepOf(plan, 'create-database').params).toMatchObject({ role: 'acme_app', sourceOwner: 'acme_app' });
  });

  test('without a service is down from the fence until the copy has its name', () => {
    const plan = planOf(relocateRecipe, WITHOUT_SERVICE, { options: { maxDowntimeMs: 1_000 } });
    const down = plan.steps.filter((step) => step.down).map(({ id }) => id);
    expect([down[0], down.at(-1)]).toEqual(['fence-source', 'publish-database']);
    expect(plan.maxDowntimeMs).toBe(1_000);
  });

  test('under another name needs a key that tells the application', () => {
    const renamed = { ...MOVE, target: { ...MOVE.target, database: 'acme_18', owner: 'acme_18' } };
    expect(refusal(relocateRecipe, renamed)).toContain('has no key for: database');
    const keys = { host: 'db_host', user: 'db_user', database: 'db_name' };
    const service = { ...SERVICE, configFiles: [{ path: '/etc/a.conf', format: 'ini', keys } as const] };
    const plan = planOf(relocateRecipe, { ...renamed, service });
    expect(stepOf(plan, 'edit-config').params).toMatchObject({ connection: { database: 'acme_18', user: 'acme_18' } });
    expect(stepOf(plan, 'publish-database').params).toMatchObject({ database: 'acme_18' });
  });

  test('shows every warning of the target before it is approved', () => {
    const check = { name: 'major-version', severity: 'warning', passed: false, found: '13 becomes 18', remedy: 'look' };
    const plan = planOf(relocateRecipe, MOVE, {}, { ...FACTS, checks: [check] });
    expect(plan.warnings).toContain('13 becomes 18; look');
  });

  test('is refused for a target that holds the name', () => {
    const check = { name: 'target-empty', severity: 'error', passed: false, found: 'acme exists', remedy: 'rename it' };
    expect(refusal(relocateRecipe, MOVE, {}, { ...FACTS, checks: [check] })).toContain('acme exists');
  });
});

describe('a return', () => {
  const back: LocatedReturn = { ...MOVE, source: MOVE.target, target: MOVE.source, returns: RETURNS, retired: RETIRED };

  test('of the current data is a relocation to where it came from', () => {
    const plan = planOf(returnRecipe, back, { data: 'current' });
    expect(ids(plan)).toEqual(ids(planOf(relocateRecipe, MOVE)));
    expect(stepOf(plan, 'dump-database').params).toMatchObject({ label: 'pre_return' });
    expect(stepOf(plan, 'preflight-target').params).toMatchObject({ olderMajor: 'warn' });
    expect(plan.outcome).toMatchObject({ returns: MIGRATION_ID, to: { dbServerId: 'pool-2' } });
  });

  test('restores as the ordinary role what a superuser owns at the dedicated server', () => {
    const dedicated = { ...back, source: { ...back.source, owner: 'postgres' } };
    const facts = { ...FACTS, database: { ...FACTS.database, owner: 'postgres' } };
    const plan = planOf(returnRecipe, dedicated, { data: 'current' }, facts);
    expect(stepOf(plan, 'restore-database').params).toMatchObject({ asRole: true, role: 'acme_app' });
    expect(stepOf(plan, 'fence-source').params).not.toHaveProperty('login');
  });

  test('that discards brings the retired source back, and says since when what is lost', () => {
    const plan = planOf(returnRecipe, back, { data: 'discard-since-cutover' });
    expect(ids(plan)).toEqual([
      'capture-source',
      'stop-service',
      'fence-source',
      'dump-database',
      'reinstate-source',
      'edit-config',
      'set-environment',
      'start-service',
      'verify-connections',
      'retire-source',
    ]);
    expect(plan.warnings[0]).toContain('since 2026-11-21T01:02:03Z');
    expect(stepOf(plan, 'start-service').params).toMatchObject({ verified: { contentDigest: 'cd'.repeat(32) } });
    expect(stepOf(plan, 'retire-source').params).toMatchObject({ source: { server: { name: 'pg18' } } });
  });

  test('that discards passes the point of no return by itself where there is no service', () => {
    const { service: _service, instance: _instance, ...rest } = back;
    const plan = planOf(returnRecipe, rest, { data: 'discard-since-cutover' });
    expect(stepOf(plan, 'reinstate-source').pointOfNoReturn).toBe('passed');
  });
});

describe('a retirement', () => {
  const registry = {
    server: REGISTRY.source,
    retiredName: RETIRED.retiredName,
    migrationId: MIGRATION_ID,
    backupId: 'b',
    backupOf: [],
    reservations: ['instance:i'],
  };
  const verified = { name: 'verified-backup', severity: 'error', passed: true, found: 'whole' };

  test('is one step that cannot be undone, and says so', () => {
    const plan = planOf(retireRecipe, registry, {}, { checks: [verified], bytes: '1' });
    expect(plan.steps).toMatchObject([{ id: 'drop-retired', reversible: false, pointOfNoReturn: 'passed' }]);
    expect(plan.warnings.join()).toContain('gone for good');
    expect(plan.reservations).toEqual(['instance:i', `database:pool-2/${RETIRED.retiredName}`, 'backup:b']);
  });

  test('is never given out without a verified backup', () => {
    expect(refusal(retireRecipe, registry, {}, { checks: [], bytes: '1' })).toContain('without a verified backup');
    const plan = planOf(retireRecipe, registry, {}, { checks: [verified], bytes: '1' });
    expect(checkPlan({ ...plan, checks: [] })).toEqual([
      'step drop-retired destroys without a verified backup before it',
    ]);
  });
});

describe('a plan that holds no service', () => {
  const plan = planOf(relocateRecipe, WITHOUT_SERVICE);

  test('may not touch one', () => {
    const served = planOf(relocateRecipe, MOVE);
    expect(checkPlan({ ...served, reservations: [] }).join()).toContain('touches a service, and the plan holds none');
  });

  test('is not taken for one that holds a service', () => {
    const problems = checkPlan({ ...plan, reservations: ['service:odoo-acme'] }).join();
    expect(problems).toContain('fences before any service is stopped');
    expect(problems).toContain('a point of no return needs exactly one step that commits');
  });

  test('lets nothing but a published or reinstated database pass the point of no return', () => {
    const steps = plan.steps.map((step) => ({
      ...step,
      pointOfNoReturn: step.id === 'verify-copy' ? ('passed' as const) : ('before' as const),
    }));
    expect(checkPlan({ ...plan, steps }).join()).toContain('verify-copy cannot pass the point of no return');
  });
});
