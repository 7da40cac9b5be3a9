import type { JsonObject } from '#shared/contracts/json.js';
import type { KeptMigrations } from '#shared/contracts/steps/project-steps.js';
import { asJsonObject, type StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ResultOf } from '#shared/contracts/steps/step-types.js';
import {
  readOutcome,
  type ApplyOutcome,
  type DatabaseOutcome,
  type HealthOutcome,
  type RevertOutcome,
  type ValidateOutcome,
} from '../planning/outcome.js';
import type { Common, PlannedFacts } from './migration-state.js';
import { answerOf } from './step-result.js';
import { latestRun } from './step-runs.js';

type Planned = Common & { readonly planned: PlannedFacts };

/** What an apply did to each database, and what the look at it afterwards found. */
export function applyResult(state: Planned, { project, digest, databases, leftOut }: ApplyOutcome): JsonObject {
  const results = databases.map((database) => appliedDatabase(state, database));
  return asJsonObject({
    project,
    digest,
    applied: results.reduce((sum, { migrations }) => sum + migrations.length, 0),
    databases: results,
    leftOut,
    warnings: results.flatMap(({ alias, failedChecks = [] }) =>
      failedChecks.map(({ name, message }) => `${alias}: ${name}: ${message}`),
    ),
    planHash: state.planned.planHash,
  });
}

function appliedDatabase(state: Planned, of: DatabaseOutcome) {
  const { alias, server, database } = of;
  const [backup] = answersOf(state, of, 'back-up-database');
  const [proof] = answersOf(state, of, 'prove-fakes');
  const [validation] = answersOf(state, of, 'validate-database');
  const applied = answersOf(state, of, 'apply-migrations');
  const { passed, failed, notApplicable, checks = [] } = validation ?? {};
  return {
    alias,
    server,
    database,
    migrations: applied.flatMap(({ migrations = [] }) => migrations),
    ...(backup?.backupId === undefined ? {} : { backupId: backup.backupId }),
    ...(proof === undefined ? {} : { proof }),
    commands: answersOf(state, of, 'run-command').map(({ name, durationMs }) => ({ name, durationMs })),
    ...(validation === undefined
      ? {}
      : { checks: { passed, failed, notApplicable }, failedChecks: checks.filter(isFailed) }),
  };
}

function isFailed({ outcome }: { readonly outcome: string }): boolean {
  return outcome === 'failed';
}

/** Answers of the steps of one kind that are about the database, in the order of the plan. */
function answersOf<K extends StepKind>(state: Planned, { steps }: DatabaseOutcome, kind: K): Partial<ResultOf<K>>[] {
  return state.planned.plan.steps
    .filter((step) => step.kind === kind && steps.includes(step.id))
    .flatMap((step) => answerOf(state, kind, step.id) ?? []);
}

/** What was taken back, and the way back from that. */
export function revertResult(state: Planned, { type: _type, ...outcome }: RevertOutcome): JsonObject {
  const { executionTimeMs } = answerOf(state, 'revert-migration') ?? {};
  const { keptAs } = answerOf(state, 'swap-database') ?? {};
  return asJsonObject({
    ...outcome,
    status: 'rolled_back',
    backupId: answerOf(state, 'back-up-database')?.backupId ?? null,
    ...(executionTimeMs === undefined ? {} : { executionTimeMs }),
    ...(keptAs === undefined ? {} : { keptAs }),
    planHash: state.planned.planHash,
  });
}

/** Every check of every database, in one list and by database; those that passed by name only. */
export function validateResult(state: Planned, { project, digest, databases }: ValidateOutcome): JsonObject {
  const results = databases.map((of) => {
    const answers = [...answersOf(state, of, 'validate-database'), ...answersOf(state, of, 'prove-reverts')];
    const total = (count: (one: (typeof answers)[number]) => number | undefined) =>
      answers.reduce((all, one) => all + (count(one) ?? 0), 0);
    return {
      alias: of.alias,
      server: of.server,
      database: of.database,
      passed: total(({ passed }) => passed),
      failed: total(({ failed }) => failed),
      notApplicable: total(({ notApplicable }) => notApplicable),
      checks: answers.flatMap(({ checks = [] }) => checks),
    };
  });
  const sum = (count: (one: (typeof results)[number]) => number) => results.reduce((all, one) => all + count(one), 0);
  return asJsonObject({
    project,
    digest,
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    notApplicable: sum(({ notApplicable }) => notApplicable),
    checks: results.flatMap(({ alias, checks }) => checks.map((check) => ({ ...check, database: alias }))),
    databases: results,
    planHash: state.planned.planHash,
  });
}

/** A `ProjectHealth`, as of its last event. */
export function healthResult(state: Planned, { project, digest }: HealthOutcome): JsonObject {
  const { healthy = false, databases = [] } = answerOf(state, 'check-health') ?? {};
  return asJsonObject({ project, digest, healthy, checkedAt: state.lastAt, databases });
}

/**
 * Of an apply that was taken back: what stands nevertheless. Each migration is a transaction of its own, and what was
 * committed before one failed is not undone. Undefined for every other kind, where nothing stands.
 */
export function whatStands(state: Common): JsonObject | undefined {
  if (state.planned === undefined) return undefined;
  const outcome = readOutcome(state.planned.plan.outcome);
  if (outcome.type !== 'apply') return undefined;
  const undone = state.planned.plan.steps.flatMap((step) => {
    const run = step.kind === 'apply-migrations' ? latestRun(state, step.id, 'undo') : undefined;
    if (run?.progress.status !== 'undone') return [];
    return [{ stepId: step.id, ...(run.progress.result as unknown as Partial<KeptMigrations>) }];
  });
  const planned = { ...state, planned: state.planned };
  const databases = outcome.databases.map((of) => {
    const parts = undone.filter(({ stepId }) => of.steps.includes(stepId));
    const failed = parts.find((part) => part.failed !== undefined)?.failed;
    const [backup] = answersOf(planned, of, 'back-up-database');
    return {
      alias: of.alias,
      server: of.server,
      database: of.database,
      migrations: parts.flatMap(({ kept = [] }) => kept),
      ...(failed === undefined ? {} : { failed }),
      ...(backup?.backupId === undefined ? {} : { backupId: backup.backupId }),
    };
  });
  return asJsonObject({ project: outcome.project, digest: outcome.digest, databases });
}
