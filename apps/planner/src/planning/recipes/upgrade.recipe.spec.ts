import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '#shared/contracts/json.js';
import type { Plan, PlannedStep } from '#shared/contracts/plan.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { compile } from '../compile.js';
import { FACTS, REGISTRY, SERVICE, upgradeRequest } from '../upgrade-test-kit.js';
import { upgradeMoves, type UpgradeRegistry } from '../upgrade-registry.js';
import { upgradeRecipe } from './upgrade.recipe.js';

function compiled(registry: Partial<UpgradeRegistry> = {}, facts: JsonObject | undefined = asJsonObject(FACTS)) {
  return compile(upgradeRecipe, upgradeRequest(registry), facts);
}

function planOf(registry: Partial<UpgradeRegistry> = {}): Plan {
  const answer = compiled(registry);
  if (answer.outcome !== 'plan') throw new Error(JSON.stringify(answer.reasons));
  return answer.plan;
}

function stepOf(plan: Plan, id: string): PlannedStep {
  const step = plan.steps.find((one) => one.id === id);
  if (step === undefined) throw new Error(`no step ${id}`);
  return step;
}

function refusalOf(registry: Partial<UpgradeRegistry>, facts: JsonObject | undefined = asJsonObject(FACTS)): string[] {
  const answer = compiled(registry, facts);
  return answer.outcome === 'refused' ? answer.reasons.map((reason) => reason.detail) : [];
}

const ids = (plan: Plan): string[] => plan.steps.map((step) => step.id);
const DEDICATED = { ...REGISTRY.instance, dbType: 'dedicated' } as const;
const to = (entitlements: Partial<UpgradeRegistry['entitlements']['to']>) => ({
  entitlements: { ...REGISTRY.entitlements, to: { plan: 'standard', ...entitlements } },
});

describe('an upgrade decides by the database type of the plans', () => {
  test.each([
    { from: 'shared', asks: 'dedicated', moves: true },
    { from: 'shared', asks: 'shared', moves: false },
    { from: 'shared', asks: undefined, moves: false },
    { from: 'dedicated', asks: 'dedicated', moves: false },
    { from: 'dedicated', asks: 'shared', moves: false },
    { from: 'dedicated', asks: undefined, moves: false },
  ] as const)('from $from to a plan that says $asks: moves $moves [c1 c2]', ({ from, asks, moves }) => {
    expect(upgradeMoves({ dbType: from }, asks === undefined ? {} : { dbType: asks })).toBe(moves);
  });
});

describe('an upgrade that does not move', () => {
  test('only changes resources, without reading a database first [c3]', () => {
    const request = upgradeRequest(to({ cpu: 2 }));
    const plan = planOf(to({ cpu: 2 }));
    expect(upgradeRecipe.inspect(request)).toBeUndefined();
    expect(ids(plan)).toEqual(['resize-service']);
    expect(stepOf(plan, 'resize-service').params).toMatchObject({
      resources: { cpu: 2 },
      previous: { cpu: 1, memory: '1Gi' },
    });
    expect(plan.outcome).toEqual({
      type: 'resize',
      instanceId: REGISTRY.instance.instanceId,
      plan: 'standard',
      cpu: 2,
    });
  });

  test('has no step when the plan names no resources', () => {
    expect(ids(planOf(to({})))).toEqual([]);
  });

  test('from dedicated to shared stays where it is and says so [c2 c3]', () => {
    const plan = planOf({ instance: DEDICATED, ...to({ dbType: 'shared', cpu: 1 }) });
    expect(ids(plan)).toEqual(['resize-service']);
    expect(plan.warnings.join()).toContain('the database stays where it is');
  });

  test('is refused when the service has no way to be given resources', () => {
    const service = {
      ...SERVICE,
      control: { driver: 'command', commands: { stop: ['s'], start: ['s'], status: ['s'] } },
    } as const;
    expect(refusalOf({ service, ...to({ cpu: 2 }) }).join()).toContain('add the command "resources"');
  });
});

describe('a move', () => {
  test('prepares before it stops anything and switches the record last [c5]', () => {
    expect(ids(planOf())).toEqual([
      'provision-server',
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
      'resize-service',
      'start-service',
      'verify-connections',
      'retire-source',
    ]);
  });

  test('creates the role before the restore and keeps the name of the database [c10 c11]', () => {
    const plan = planOf();
    expect(stepOf(plan, 'create-database').inputs).toMatchObject({
      role: { fromStep: 'provision-server', path: 'role' },
      server: { fromStep: 'provision-server', path: 'server' },
    });
    expect(stepOf(plan, 'publish-database').params).toMatchObject({ database: 'acme' });
    expect(ids(plan).indexOf('create-database')).toBeLessThan(ids(plan).indexOf('restore-database'));
  });

  test('backs up under the label pre_migration and restores that backup by its id [c7]', () => {
    const plan = planOf();
    expect(stepOf(plan, 'dump-database').params).toMatchObject({ label: 'pre_migration' });
    expect(stepOf(plan, 'restore-database').inputs).toMatchObject({
      backupId: { fromStep: 'dump-database', path: 'backupId' },
    });
  });

  test('edits the mapped keys of each config file and the environment [c12 c13]', () => {
    const second = { path: '/etc/odoo/acme.env', format: 'env', keys: { host: 'PGHOST' } } as const;
    const plan = planOf({ service: { ...SERVICE, configFiles: [...SERVICE.configFiles, second] } });
    const keys = ['connection.host', 'connection.port', 'connection.user', 'connection.secretRef'];
    for (const id of ['edit-config', 'edit-config-2', 'set-environment'])
      expect(Object.keys(stepOf(plan, id).inputs)).toEqual(keys);
    expect(stepOf(plan, 'set-environment').params).toMatchObject({
      previous: { host: 'pool-2.internal', user: 'acme_app', secretRef: 'env:ACME_PASSWORD' },
    });
  });

  test('writes the password to the secret file of a service, and reserves each of its files once [c12]', () => {
    const secretFile = { path: '/run/odoo/acme/db-password' };
    const [file] = SERVICE.configFiles;
    const plan = planOf({ service: { ...SERVICE, configFiles: file === undefined ? [] : [file, file], secretFile } });
    expect(stepOf(plan, 'write-secret-file')).toMatchObject({
      params: { file: secretFile },
      inputs: { secretRef: { fromStep: 'provision-server' } },
      phase: 'switch',
    });
    expect(ids(plan).indexOf('write-secret-file')).toBeLessThan(ids(plan).indexOf('start-service'));
    expect(plan.reservations.filter((one) => one.startsWith('file:'))).toEqual([
      'file:/etc/odoo/acme.conf',
      'file:/run/odoo/acme/db-password',
    ]);
  });

  test('leaves out the environment of a service that has none', () => {
    const { environment: _none, ...service } = SERVICE;
    expect(ids(planOf({ service }))).not.toContain('set-environment');
  });

  test('tries the fence with the login of the application when the registry knows its password', () => {
    const { secretRef: _none, ...instance } = REGISTRY.instance;
    expect(stepOf(planOf(), 'fence-source').params).toMatchObject({
      login: { user: 'acme_app', secretRef: 'env:ACME_PASSWORD' },
    });
    expect(stepOf(planOf({ instance }), 'fence-source').params).not.toHaveProperty('login');
  });

  test('warns when the environment carries the password and nobody knows the present one', () => {
    const { secretRef: _none, ...instance } = REGISTRY.instance;
    const { warnings } = planOf({ instance, service: { ...SERVICE, configFiles: [] } });
    expect(warnings.join()).toContain('set secretRef');
  });

  test('of a service that is configured by environment alone compiles without a config file [c14]', () => {
    const plan = planOf({ service: { ...SERVICE, configFiles: [] } });
    expect(ids(plan)).not.toContain('edit-config');
    expect(ids(plan)).toContain('verify-connections');
  });

  test('applies cpu, memory and storage before the start, so that there is no second restart', () => {
    const plan = planOf();
    expect(ids(plan).indexOf('resize-service')).toBeLessThan(ids(plan).indexOf('start-service'));
    expect(stepOf(plan, 'resize-service').params).toMatchObject({
      resources: { cpu: 4, memory: '8Gi', storage: '100Gi' },
    });
  });

  test('commits at the start and passes the point of no return when connections are verified', () => {
    const points = planOf().steps.filter((step) => step.pointOfNoReturn !== 'before');
    expect(points.map((step) => [step.id, step.pointOfNoReturn])).toEqual([
      ['start-service', 'commanded'],
      ['verify-connections', 'passed'],
    ]);
  });

  test('reserves tenant, database, service and files', () => {
    expect(planOf().reservations).toEqual([
      `instance:${REGISTRY.instance.instanceId}`,
      'database:pool-2/acme',
      'service:odoo-acme-46784872',
      'file:/etc/odoo/acme.conf',
    ]);
  });

  test('carries references of secrets and never a secret [c22]', () => {
    const secrets = JSON.stringify(planOf()).match(/"[a-zA-Z]*[sS]ecretRef":"[^"]*"/g) ?? [];
    expect(secrets.length).toBeGreaterThan(0);
    for (const secret of secrets) expect(secret).toMatch(/:"(env|file|vault):/);
  });

  test('lets steps that need the files of a host run there only', () => {
    const plan = planOf({
      service: { ...SERVICE, site: 'app-host' },
      source: { ...REGISTRY.source, site: 'backup-host' },
    });
    expect(stepOf(plan, 'edit-config').site).toBe('app-host');
    expect(stepOf(plan, 'dump-database').site).toBe(stepOf(plan, 'restore-database').site);
    expect(stepOf(plan, 'restore-database').site).toBe('backup-host');
    expect(stepOf(plan, 'provision-server')).not.toHaveProperty('site');
  });

  test('gives large databases more time', () => {
    const large = { ...FACTS, database: { ...FACTS.database, sizeBytes: '500000000000' } };
    const answer = compiled({}, asJsonObject(large));
    const plan = answer.outcome === 'plan' ? answer.plan : planOf();
    expect(stepOf(plan, 'restore-database').timeoutMs).toBeGreaterThan(stepOf(planOf(), 'restore-database').timeoutMs);
  });
});

describe('a move is refused', () => {
  test('with every failed check at once, each with what to do', () => {
    const facts = {
      ...FACTS,
      checks: [
        {
          name: 'config-file',
          severity: 'error',
          passed: false,
          found: '/etc/odoo/acme.conf is missing',
          remedy: 'restore it',
        },
        { name: 'disk-headroom', severity: 'error', passed: false, found: '1 MB free', remedy: 'free 200 MB' },
        { name: 'long-transactions', severity: 'warning', passed: false, found: 'one of 3 h' },
      ],
    };
    expect(refusalOf({}, asJsonObject(facts))).toEqual([
      'config-file: /etc/odoo/acme.conf is missing; restore it',
      'disk-headroom: 1 MB free; free 200 MB',
    ]);
  });

  test('when the inspection could not read the database', () => {
    expect(refusalOf({}, { checks: [] }).join()).toContain('inspection-complete');
    expect(refusalOf({}, {}).join()).toContain('inspection-complete');
  });

  test('when nothing would tell the application where its database is', () => {
    const { environment: _none, ...service } = SERVICE;
    const reasons = refusalOf({ service: { ...service, configFiles: [] } });
    expect(reasons.join()).toContain('register a config file or environment with a "host" or "url" key');
  });
});
