import type { JsonObject } from '#shared/contracts/json.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { readOutcome, type RehearsalOutcome } from '../planning/outcome.js';
import { commandUndo } from './commands.js';
import { event, NOTHING, type Decision } from './decision.js';
import type { StateOf } from './migration-state.js';
import { isInFlight, latestRun, resultOf } from './step-runs.js';

type Forward = StateOf<'migrating' | 'paused'>;

/** Every step of a rehearsal is done: what it made is taken back, the latest first, and then it tells what it measured. */
export function decideRehearsed(state: Forward, outcome: RehearsalOutcome): Decision {
  for (const step of [...state.planned.plan.steps].reverse()) {
    const [run, undo] = [latestRun(state, step.id), latestRun(state, step.id, 'undo')];
    if (run !== undefined && undo === undefined) return { events: [commandUndo(state, state.planned, run)] };
    if (undo !== undefined && isInFlight(undo)) return NOTHING;
  }
  const { migrationId } = state.request;
  const completed = { migrationId, result: rehearsalResult(state, outcome), downtimeMs: 0 };
  return { events: [event('MigrationCompleted', completed)], release: true };
}

export function rehearsalOutcome({ planned }: Forward): RehearsalOutcome | undefined {
  const outcome = readOutcome(planned.plan.outcome);
  return outcome.type === 'rehearsal' ? outcome : undefined;
}

/** Predicted: what was measured, and what could not be measured without stopping anything, as assumed. */
function rehearsalResult(state: Forward, outcome: RehearsalOutcome): JsonObject {
  const { plan, planHash } = state.planned;
  const steps = plan.steps.map(({ id, kind }) => ({
    kind,
    standsFor: outcome.standsFor[kind] ?? [],
    measuredMs: measuredMs(state, id),
  }));
  const sum = (all: readonly number[]): number => all.reduce((total, ms) => total + ms, 0);
  const measured = sum(steps.map((step) => step.measuredMs));
  const assumed = sum(outcome.assumed.map(({ ms }) => ms));
  const predictedDowntimeMs = measured + assumed;
  const limit = outcome.maxDowntimeMs;
  const left = plan.steps.filter(({ id }) => latestRun(state, id, 'undo')?.progress.status !== 'undone');
  const { tables, rows, mismatches } = (resultOf(state, 'verify-backup') ?? {}) as Readonly<Record<string, unknown>>;
  return asJsonObject({
    rehearsal: true,
    predictedDowntimeMs,
    ...(limit === undefined ? {} : { maxDowntimeMs: limit, withinMaxDowntime: predictedDowntimeMs <= limit }),
    steps,
    assumed: outcome.assumed,
    assumptions: [
      `measured: ${String(measured)} ms, while the database was in use, which makes it slower than a stopped one`,
      `assumed: ${String(assumed)} ms for what cannot be measured without stopping the service; its own stop and start may take longer`,
    ],
    compared: { tables, rows, mismatches },
    leftovers: left.map(({ id }) => id),
    planHash,
  });
}

/** From recorded times, the attempts of a run together. */
function measuredMs(state: Forward, stepId: string): number {
  const { startedAt, finishedAt } = latestRun(state, stepId) ?? {};
  return startedAt === undefined || finishedAt === undefined ? 0 : Date.parse(finishedAt) - Date.parse(startedAt);
}
