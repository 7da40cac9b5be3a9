import type { MigrationView, StepView, StepViewStatus } from '#shared/contracts/answers.js';
import type { Failure, StepDirection } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { downtimeAt } from './downtime.js';
import { DESCRIBE_STEP, INSPECT_STEP, isOver, type Common, type KnownState, type StepRun } from './migration-state.js';
import { whatStands } from './project-completion.js';
import { isInFlight, latestRun } from './step-runs.js';

/** A row of `executor.step_progress`, as far as the view shows it. */
export interface StepProgressRow {
  readonly stepId: string;
  readonly direction: StepDirection;
  readonly generation: number;
  readonly attempt: number;
  readonly progress: { readonly done: number; readonly total: number; readonly unit: string } | null;
}

/** What is known about a migration at `now` (RFC 3339), which only lets a running downtime grow. */
export function viewMigration(state: KnownState, progress: readonly StepProgressRow[], now: string): MigrationView {
  const { request, planned } = state;
  return {
    migrationId: request.migrationId,
    kind: request.kind,
    status: state.status,
    subject: request.subject,
    title: request.title,
    requestedBy: request.requestedBy,
    dryRun: request.dryRun,
    request: request.request,
    plan: planned?.plan ?? null,
    planHash: planned?.planHash ?? null,
    approval: planned?.approval ?? null,
    warnings: planned?.plan.warnings ?? [],
    checks: planned?.plan.checks ?? (state.status === 'refused' ? state.checks : []),
    steps: stepViews(state, progress),
    downtimeMs:
      'downtimeMs' in state ? state.downtimeMs : downtimeAt(state.downtime, isOver(state) ? state.lastAt : now),
    pointOfNoReturnPassed: planned?.passed ?? false,
    result: resultOf(state),
    reasons: reasonsOf(state),
    haltedAt: state.status === 'halted' ? state.at : null,
    leftovers: state.status === 'rolled-back' ? state.leftovers : [],
    runAt: state.status === 'scheduled' ? state.runAt : null,
    createdAt: request.requestedAt,
    updatedAt: state.lastAt,
    position: String(state.position),
  };
}

/** What came of it; of an apply that was taken back what stands, because what was committed is not undone. */
function resultOf(state: KnownState): JsonObject | null {
  if (state.status === 'completed') return state.result;
  return state.status === 'rolled-back' || state.status === 'cancelled' ? (whatStands(state) ?? null) : null;
}

function reasonsOf(state: KnownState): readonly Failure[] {
  if (state.status === 'refused') return state.reasons;
  if (state.status === 'halted' || state.status === 'rolled-back') return [state.because];
  return state.compensation === undefined ? [] : [state.compensation.because];
}

function stepViews(state: KnownState, progress: readonly StepProgressRow[]): StepView[] {
  const outside = [INSPECT_STEP, DESCRIBE_STEP].flatMap((id) => {
    const run = latestRun(state, id);
    if (run === undefined) return [];
    const title = id === INSPECT_STEP ? 'inspect source, service and tools' : 'describe every step';
    return [{ id, kind: run.kind, phase: 'inspect' as const, title, down: false }];
  });
  return [...outside, ...(state.planned?.plan.steps ?? [])].map((step) => {
    const { id, kind, phase, title, down } = step;
    return { id, kind, phase, title, down, ...runView(state, id, progress) };
  });
}

type RunView = Omit<StepView, 'id' | 'kind' | 'phase' | 'title' | 'down'>;

function runView(state: Common, stepId: string, rows: readonly StepProgressRow[]): RunView {
  const run = latestRun(state, stepId, 'undo') ?? latestRun(state, stepId);
  if (run === undefined)
    return {
      status: 'waiting',
      attempt: 0,
      generation: 1,
      progress: null,
      startedAt: null,
      finishedAt: null,
      error: null,
    };
  const { direction, generation } = run.key;
  const row = rows.find(
    (other) => other.stepId === stepId && other.direction === direction && other.generation === generation,
  );
  return {
    status: statusOf(run),
    attempt: Math.max(run.attempt, row?.attempt ?? 0),
    generation,
    progress: isInFlight(run) ? (row?.progress ?? null) : null,
    startedAt: run.startedAt ?? null,
    finishedAt: run.finishedAt ?? null,
    error: errorOf(state, stepId, run),
  };
}

function statusOf({ key, progress }: StepRun): StepViewStatus {
  const { status } = progress;
  if (status === 'retry-requested') return 'retrying';
  if (key.direction === 'run') return status;
  if (status === 'undone') return 'undone';
  return status === 'failed' || status === 'needs-decision' || status === 'cancelled' ? 'undo-failed' : 'undoing';
}

/** An undone step still tells why it had to be undone, when it was the one that failed. */
function errorOf(state: Common, stepId: string, run: StepRun): Failure | null {
  for (const { progress } of [run, latestRun(state, stepId)].filter((one) => one !== undefined))
    if ('failure' in progress) return progress.failure;
  return null;
}
