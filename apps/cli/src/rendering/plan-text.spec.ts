import { describe, expect, it } from '@jest/globals';
import type { Plan } from '#shared/contracts/plan.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { isDangerous } from './plan-risk.js';
import { planText, type ShownPlan } from './plan-text.js';
import type { Screen } from './screen.js';

const PIPED: Screen = {
  progress: 'none',
  colour: { out: false, err: false },
  unicode: true,
  accessible: false,
  width: undefined,
  again: '',
  canAsk: false,
};

function step(
  kind: StepKind,
  title: string,
  more: Partial<ShownPlan['steps'][number]> = {},
): ShownPlan['steps'][number] {
  const inert = { after: [], down: false, reversible: true, pointOfNoReturn: 'before', phase: 'prepare' };
  return { id: kind, kind, title, ...inert, ...more };
}

const SERVICE = 'service odoo-acme-with-a-name-that-fills-the-line-of-a-narrow-terminal';
const MOVE = [
  step('create-database', 'create database acme'),
  step('stop-service', `stop ${SERVICE}`, { down: true }),
  step('start-service', `start ${SERVICE}`, { down: true, pointOfNoReturn: 'commanded' }),
  step('verify-connections', 'see the application on dedicated-7', { pointOfNoReturn: 'passed' }),
];
const APPLY = [
  step('back-up-database', 'back up shop_db on main'),
  step('apply-migrations', 'apply to shop_db on main: run main/0001_orders'),
  step('validate-database', 'validate shop_db'),
];
const BACKUP = [step('back-up-database', 'back up shop_db on main')];

const EMPTY: Plan = {
  planVersion: 1,
  kind: 'upgrade',
  recipeVersion: 1,
  title: 'a plan',
  steps: [],
  reservations: [],
  checks: [],
  warnings: [],
  outcome: {},
};

function shown(steps: ShownPlan['steps'], screen: Partial<Screen> = {}, maxDowntimeMs?: number): string {
  const plan: ShownPlan = {
    planId: '0193',
    title: 'a plan',
    status: 'completed',
    plan: maxDowntimeMs === undefined ? null : { ...EMPTY, maxDowntimeMs },
    planHash: 'ab12',
    steps,
    checks: [],
    warnings: [],
    reasons: [],
  };
  return planText(plan, { screen: { ...PIPED, ...screen }, verbose: false, format: 'table', dryRun: true });
}

describe('a plan that commits migrations', () => {
  it('promises no way back for what they commit [ADR 26]', () => {
    expect(shown(APPLY)).not.toContain('possible at every step');
    expect(shown(APPLY)).toMatch(
      /^ {2}Back {3}until "apply to shop_db .*" begins; what is committed .* stands, only /m,
    );
    expect(shown(BACKUP)).toMatch(/^ {2}Back {3}possible at every step$/m);
  });

  it('is dangerous: its approval wants the name of the subject', () => {
    expect(isDangerous({ outcome: {}, steps: APPLY })).toBe(true);
    expect(isDangerous({ outcome: {}, steps: [step('revert-migration', 'revert main/0001_orders')] })).toBe(true);
    expect(isDangerous({ outcome: {}, steps: MOVE })).toBe(true);
    expect(isDangerous({ outcome: {}, steps: BACKUP })).toBe(false);
  });

  it('is no danger as a rehearsal: what it commits, it commits to copies', () => {
    expect(isDangerous({ outcome: { type: 'rehearsal' }, steps: APPLY })).toBe(false);
  });
});

describe('the downtime of a plan', () => {
  it('is told with its limit on the narrowest terminal, too, as is the end of the way back', () => {
    const narrow = shown(MOVE, { width: 80 }, 60_000);
    expect(narrow).not.toMatch(/NOTE/);
    expect(narrow).toMatch(/^! {2}stop .*\n {3}downtime begins, limit 1 min 0 s$/m);
    expect(narrow).toMatch(/^! {2}start .*\n {3}downtime ends; cannot be cancelled from here$/m);
    expect(narrow).toMatch(/^= {2}verify .*\n {3}after it no way back$/m);
    expect(shown(MOVE, {}, 60_000)).toMatch(/^! {2}stop .* {2}downtime begins, limit 1 min 0 s /m);
  });

  it('stands among the totals, and what is not known is not told', () => {
    expect(shown(MOVE, {}, 60_000)).toMatch(
      /^ {2}Down {3}from "stop .*" to "start .*", .*; limit 1 min 0 s, then it is taken back; .*--rehearse/m,
    );
    expect(shown(MOVE)).toMatch(/^ {2}Down {3}from .*; without a limit; /m);
    expect(shown(BACKUP)).toMatch(/^ {2}Down {3}never, the application keeps running$/m);
  });
});
