import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toMigrationId, toStepId } from '#shared/contracts/ids.js';
import type { PlannedStep } from '#shared/contracts/plan.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { STEP_TRAITS } from '../planning/step-traits.js';
import { MIGRATION_ID, upgradeRequest } from '../planning/upgrade-test-kit.js';
import { BROKEN, History } from './history-test-kit.js';
import { isInFlight } from './step-runs.js';

const KINDS: readonly StepKind[] = ['stop-service', 'fence-source', 'dump-database', 'edit-config', 'retire-source'];

interface Shape {
  readonly kind: StepKind;
  /** Bit n: it comes after the n-th step before it. */
  readonly after: number;
}

const shapes = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), after: fc.nat(15) }), {
  minLength: 1,
  maxLength: 9,
});
/** Which of the running steps ends next, and whether well. */
const fates = fc.array(fc.record({ which: fc.nat(8), well: fc.boolean() }), { minLength: 1, maxLength: 12 });

function planned(all: readonly Shape[]): PlannedStep[] {
  const ids = all.map((_, index) => toStepId(`step-${String(index)}`));
  return all.map(({ kind, after }, index) => ({
    id: toStepId(`step-${String(index)}`),
    kind,
    version: 1,
    params: {},
    inputs: {},
    after: ids.slice(Math.max(0, index - 4), index).filter((_, bit) => ((after >> bit) & 1) === 1),
    phase: 'cutover',
    title: kind,
    ...STEP_TRAITS[kind],
    down: false,
    pointOfNoReturn: 'before',
    timeoutMs: 1_000,
  }));
}

/** A random plan, run at random until a step fails, or by a cancel when none does. */
function takenBack(all: readonly Shape[], order: readonly { which: number; well: boolean }[]): History {
  const history = History.requested(upgradeRequest());
  history.add('PlanCompiled', {
    migrationId: toMigrationId(MIGRATION_ID),
    planHash: '0'.repeat(64),
    plan: {
      planVersion: 1,
      kind: 'upgrade',
      recipeVersion: 1,
      title: 'any',
      steps: planned(all),
      reservations: [],
      checks: [],
      warnings: [],
      outcome: { type: 'resize', instanceId: 'i', plan: 'p' },
    },
  });
  for (const { which, well } of order) {
    history.settle();
    const running = history.known.runs.filter(isInFlight);
    const next = running[which % Math.max(running.length, 1)];
    if (next === undefined || history.state.status !== 'migrating') break;
    if (well) history.done(next.key.stepId);
    else history.fails(next.key.stepId);
  }
  return history;
}

function order(history: History): string[] {
  return history.events.flatMap((event) =>
    event.type === 'StepStarted' && event.data.direction === 'run' ? [event.data.stepId] : [],
  );
}

describe('compensation of any plan that was run in any order', () => {
  test('undoes exactly what started and can be undone, service first, latest first', () => {
    fc.assert(
      fc.property(shapes, fates, (all, fate) => {
        const history = takenBack(all, fate);
        if (history.state.status !== 'migrating' && history.state.status !== 'compensating') return;
        history.add('RollbackRequested', { migrationId: 'm', reason: 'any', requestedBy: 'key:a' });
        endEverything(history);
        const started = order(history).reverse();
        const steps = new Map<string, PlannedStep>(planned(all).map((step) => [step.id, step]));
        const reversible = started.filter((id) => steps.get(id)?.reversible);
        expect(history.undone()).toEqual([
          ...reversible.filter((id) => steps.get(id)?.restoresService),
          ...reversible.filter((id) => !steps.get(id)?.restoresService),
        ]);
        expect(history.state.status).toBe('rolled-back');
      }),
      { numRuns: 200 },
    );
  });

  test('never commands anything forward again once it has begun', () => {
    fc.assert(
      fc.property(shapes, fates, (all, fate) => {
        const history = takenBack(all, fate);
        endEverything(history);
        const begun = history.events.findIndex(({ type }) => type === 'CompensationStarted');
        const after = begun < 0 ? [] : history.events.slice(begun);
        for (const event of after) if (event.type === 'StepCommanded') expect(event.data.direction).toBe('undo');
      }),
    );
  });
});

/** Running steps end, cancelled or well; undos succeed. */
function endEverything(history: History): void {
  for (;;) {
    history.settle();
    const next = history.known.runs.find(isInFlight);
    if (next === undefined) return;
    const { stepId, direction } = next.key;
    if (next.cancelCommanded && next.progress.status !== 'running') history.told(stepId, { cancelled: 'stopped' });
    else if (direction === 'run' && !next.cancelCommanded) history.fails(stepId, BROKEN);
    else history.done(stepId, {}, direction);
  }
}
