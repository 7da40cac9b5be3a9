import { describe, expect, test } from '@jest/globals';
import { toStepId } from '#shared/contracts/ids.js';
import type { PlannedStep } from '#shared/contracts/plan.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { checkPlan } from './check-plan.js';
import { upgradeRecipe } from './recipes/upgrade.recipe.js';
import { FACTS, upgradeRequest } from './upgrade-test-kit.js';

type Change = Partial<Omit<PlannedStep, 'id'>> & { readonly id?: string };

function moveSteps(): readonly PlannedStep[] {
  const compiled = upgradeRecipe.compile(upgradeRequest(), asJsonObject(FACTS));
  if (compiled.outcome !== 'plan') throw new Error('the example compiles');
  return compiled.plan.steps;
}

function withStep(id: string, change: Change): PlannedStep[] {
  return moveSteps().map((step) =>
    step.id === id ? { ...step, ...change, id: toStepId(change.id ?? step.id) } : step,
  );
}

/** Without a step; what came after it comes after its predecessors. */
function withoutStep(id: string): PlannedStep[] {
  const steps = moveSteps();
  const gone = steps.find((step) => step.id === id);
  return steps
    .filter((step) => step.id !== id)
    .map((step) => ({ ...step, after: step.after.flatMap((one) => (one === id ? (gone?.after ?? []) : [one])) }));
}

const rules: readonly { readonly rule: string; readonly steps: () => PlannedStep[]; readonly problem: string }[] = [
  {
    rule: 'ids are unique',
    steps: () => withStep('apply-privileges', { id: 'copy-settings' }),
    problem: 'step id copy-settings stands twice',
  },
  {
    rule: 'every predecessor is in the plan',
    steps: () => withStep('copy-settings', { after: [toStepId('nowhere')] }),
    problem: 'step copy-settings comes after nowhere, which is not in the plan',
  },
  {
    rule: 'no steps wait for each other',
    steps: () => withStep('stop-service', { after: [toStepId('fence-source')] }),
    problem: 'steps wait for each other: stop-service, fence-source',
  },
  {
    rule: 'inputs come from earlier steps',
    steps: () => withStep('create-database', { after: [] }),
    problem: 'step create-database takes server from provision-server, which is not done before it',
  },
  {
    rule: 'the service is stopped before the fence',
    steps: () => withoutStep('stop-service'),
    problem: 'step fence-source fences before any service is stopped',
  },
  {
    rule: 'no step is down outside stop and start',
    steps: () => withStep('create-database', { down: true }),
    problem: 'step create-database is marked down but the application runs',
  },
  {
    rule: 'no step between stop and start is not down',
    steps: () => withStep('verify-copy', { down: false }),
    problem: 'step verify-copy runs while the application is down',
  },
  {
    rule: 'restoresService follows from the kind',
    steps: () => withStep('edit-config', { restoresService: false }),
    problem: 'step edit-config has another restoresService',
  },
  {
    rule: 'a copy gets its final name only when verified',
    steps: () => withoutStep('verify-copy'),
    problem:
      'step publish-database has no verify-copy or verify-restore or restore-file before it: an unproved copy would get the final name',
  },
  {
    rule: 'nothing is put aside without a backup',
    steps: () => withoutStep('dump-database'),
    problem: 'step retire-source has no dump-database before it: there is no backup',
  },
  {
    rule: 'whoever commits must also pass the point of no return',
    steps: () => withStep('verify-connections', { pointOfNoReturn: 'before' }),
    problem: 'a point of no return needs exactly one step that commits to it and one that passes it',
  },
  {
    rule: 'what cannot be undone stands behind the point of no return',
    steps: () => withStep('retire-source', { after: [toStepId('start-service')] }),
    problem: 'step retire-source cannot be undone and stands before the point of no return',
  },
];

const RESERVATIONS = ['service:odoo-acme'];

describe('a plan', () => {
  test('of the upgrade recipe has no gap', () => {
    expect(checkPlan({ steps: moveSteps(), reservations: RESERVATIONS, checks: [] })).toEqual([]);
  });

  test.each(rules)('is refused unless $rule', ({ steps, problem }) => {
    expect(checkPlan({ steps: steps(), reservations: RESERVATIONS, checks: [] }).join('\n')).toContain(problem);
  });
});
