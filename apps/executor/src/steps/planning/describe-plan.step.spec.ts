import { describe, expect, it } from '@jest/globals';
import { toStepId } from '#shared/contracts/ids.js';
import type { Plan, PlannedStep } from '#shared/contracts/plan.js';
import type { StepContext } from '../../running/step.js';
import { STEPS } from '../step-registry.js';

const base = {
  version: 1,
  after: [],
  phase: 'prepare',
  reversible: true,
  down: false,
  restoresService: false,
} as const;
const rest = { pointOfNoReturn: 'before', timeoutMs: 1, title: '' } as const;
const publish: PlannedStep = {
  ...base,
  ...rest,
  id: toStepId('publish-database'),
  kind: 'publish-database',
  params: { database: 'acme' },
  inputs: {
    server: { fromStep: toStepId('provision-server'), path: 'server' },
    workingName: { fromStep: toStepId('create-database'), path: 'workingName' },
  },
};
const provision: PlannedStep = {
  ...base,
  ...rest,
  id: toStepId('provision-server'),
  kind: 'provision-server',
  params: { instanceId: 'i-1', knownServers: [] },
  inputs: {},
};
const create: PlannedStep = { ...provision, id: toStepId('create-database'), kind: 'create-database' };
const edit: PlannedStep = {
  ...base,
  ...rest,
  id: toStepId('edit-config'),
  kind: 'edit-config',
  params: {
    file: {
      path: '/etc/odoo.conf',
      format: 'ini',
      section: 'options',
      keys: { host: 'db_host', password: 'db_password' },
    },
    connection: { database: 'acme' },
  },
  inputs: {
    'connection.host': { fromStep: provision.id, path: 'server.host' },
    'connection.secretRef': { fromStep: provision.id, path: 'roleSecretRef' },
  },
};
const plan: Plan = {
  planVersion: 1,
  kind: 'upgrade',
  recipeVersion: 1,
  title: '',
  steps: [provision, publish, edit],
  reservations: [],
  checks: [],
  warnings: [],
  outcome: {},
};

function describeIt(steps: readonly PlannedStep[]) {
  const context = { params: { plan: { ...plan, steps } } } as unknown as StepContext<'describe-plan'>;
  return STEPS['describe-plan'].run(context);
}

describe('a dry run', () => {
  it('writes a placeholder for what only a finished step knows', async () => {
    const { steps } = await describeIt(
      [provision, publish, { ...create, params: {} }, edit].filter(({ kind }) => kind !== 'create-database'),
    );
    expect(steps.map(({ stepId }) => stepId)).toEqual(['provision-server', 'publish-database', 'edit-config']);
    const [asked, renamed, edited] = steps.map(({ lines }) => lines);
    expect(asked).toEqual([
      { tool: 'http', at: 'provisioner', text: 'POST /api/database/provision-dedicated {"instance_id":"i-1"}' },
    ]);
    expect(renamed?.[0]?.at).toBe('$DB_SERVER_ID ($DB_HOST:$DB_PORT)');
    expect(edited?.map(({ text }) => text)).toEqual([
      '[options] db_host = $DB_HOST',
      '[options] db_password = $PASSWORD',
    ]);
  });

  it('names the step and the field where even the kind is unknown', async () => {
    const { steps } = await describeIt([publish]);
    expect(steps[0]?.lines[0]?.text).toContain('"$create-database.workingName"');
  });
});
