import type { JsonObject } from '#shared/contracts/json.js';
import type { PlannedStep } from '#shared/contracts/plan.js';
import type { AppliedMigration } from '#shared/contracts/steps/project-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf } from '#shared/contracts/steps/step-types.js';
import { readOutcome, type RehearsalOutcome } from '../planning/outcome.js';
import { commandUndo } from './commands.js';
import { event, NOTHING, type Decision } from './decision.js';
import type { StateOf } from './migration-state.js';
import { answerOf } from './step-result.js';
import { isInFlight, latestRun } from './step-runs.js';

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
  const steps = plan.steps.map((step) => ({
    kind: step.kind,
    standsFor: outcome.standsFor[step.kind] ?? [],
    measuredMs: measuredMs(state, step.id),
    ...versionsOf(state, step),
  }));
  const measured = sumOf(steps.map((step) => step.measuredMs));
  const predictedDowntimeMs = outcome.down === false ? 0 : measured + assumedOf(outcome);
  const limit = outcome.maxDowntimeMs;
  const left = plan.steps.filter(({ id }) => latestRun(state, id, 'undo')?.progress.status !== 'undone');
  return asJsonObject({
    rehearsal: true,
    predictedDowntimeMs,
    ...(limit === undefined ? {} : { maxDowntimeMs: limit, withinMaxDowntime: predictedDowntimeMs <= limit }),
    measuredMs: measured,
    steps,
    assumed: outcome.assumed,
    assumptions:
      outcome.down === false
        ? undisturbed(
            measured,
            steps.flatMap(({ versions = [] }) => versions),
          )
        : stopped(measured, outcome),
    ...comparedBy(state),
    leftovers: left.map(({ id }) => id),
    planHash,
  });
}

/** A version on its copy. */
type RehearsedVersion = Pick<AppliedMigration, 'app' | 'version' | 'name' | 'executionTimeMs'> & {
  readonly database: string;
};

/** How long each version took, of a step that ran some. */
function versionsOf(
  state: Forward,
  { id, kind, params }: PlannedStep,
): { readonly versions?: readonly RehearsedVersion[] } {
  if (kind !== 'apply-migrations') return {};
  const { migrations = [] } = answerOf(state, kind, id) ?? {};
  const { alias } = params['database'] as unknown as ParamsOf<typeof kind>['database'];
  const ran = migrations.filter(({ status }) => status === 'applied');
  return {
    versions: ran.map(({ app, version, name, executionTimeMs }) => ({
      database: alias,
      app,
      version,
      name,
      executionTimeMs,
    })),
  };
}

function stopped(measured: number, outcome: RehearsalOutcome): string[] {
  return [
    `measured: ${String(measured)} ms, while the database was in use, which makes it slower than a stopped one`,
    `assumed: ${String(assumedOf(outcome))} ms for what cannot be measured without stopping the service; its own stop and start may take longer`,
  ];
}

function undisturbed(measured: number, versions: readonly RehearsedVersion[]): string[] {
  const [longest] = [...versions].sort((one, other) => other.executionTimeMs - one.executionTimeMs);
  return [
    `measured: ${String(measured)} ms on copies; no application is stopped for it`,
    ...(longest === undefined
      ? []
      : [
          `a version may hold locks for as long as it runs, and waits for those of others, which a copy has not: the longest, ${longest.app}/${longest.version} on ${longest.database}, took ${String(longest.executionTimeMs)} ms`,
        ]),
  ];
}

function comparedBy(state: Forward): { readonly compared?: JsonObject } {
  const answer = answerOf(state, 'verify-backup') ?? answerOf(state, 'verify-restore');
  if (answer === undefined) return {};
  const { tables, rows, mismatches } = answer;
  return { compared: asJsonObject({ tables, rows, mismatches }) };
}

function assumedOf({ assumed }: RehearsalOutcome): number {
  return sumOf(assumed.map(({ ms }) => ms));
}

function sumOf(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0);
}

/** From recorded times, the attempts of a run together. */
function measuredMs(state: Forward, stepId: string): number {
  const { startedAt, finishedAt } = latestRun(state, stepId) ?? {};
  return startedAt === undefined || finishedAt === undefined ? 0 : Date.parse(finishedAt) - Date.parse(startedAt);
}
