import type { PlannedStep } from '#shared/contracts/plan.js';
import { completePlan } from './completion.js';
import { commandRetry, commandStep } from './commands.js';
import { event, failure, NOTHING, type Decision, type Draft } from './decision.js';
import { decideRehearsed, rehearsalOutcome } from './decide-rehearsal.js';
import { decideDryRun } from './decide-dry-run.js';
import { DOWNTIME_TIMER, decideStop, failedStep, reasonToStop } from './decide-stop.js';
import { failureOfRun } from './judge-result.js';
import type { StateOf } from './migration-state.js';
import { resolveInputs } from './resolve-inputs.js';
import { hasSucceeded, isDown, latestRun, resultOf } from './step-runs.js';
import { switchRecord } from './switch-record.js';

type Forward = StateOf<'migrating' | 'paused'>;

/** A migration under way: goes on, takes itself back, or stops for a person. */
export function decideForward(state: Forward): Decision {
  if (state.request.dryRun) return decideDryRun(state);
  const decided = afterThePoint(state) ?? beforeThePoint(state) ?? waitingForAPerson(state) ?? goOn(state);
  const timer = downtimeTimer(state);
  return timer === undefined ? decided : { ...decided, events: [timer, ...decided.events] };
}

/** What failed behind the point of no return is never taken back: the application runs on the target. */
function afterThePoint(state: Forward): Decision | undefined {
  if (!state.planned.passed) return undefined;
  const because = failedStep(state);
  if (because === undefined) return undefined;
  const failed = state.planned.plan.steps.find((step) => {
    const run = latestRun(state, step.id);
    return run !== undefined && failureOfRun(run) !== undefined;
  });
  return halt(state, failed?.id ?? 'finish', because);
}

function beforeThePoint(state: Forward): Decision | undefined {
  if (state.planned.passed) return undefined;
  const because = reasonToStop(state);
  if (because !== undefined) return decideStop(state, because);
  const passing = state.planned.plan.steps.find((step) => step.pointOfNoReturn === 'passed');
  if (passing === undefined || !hasSucceeded(state, passing.id)) return undefined;
  return { events: switchRecord(state, passing.id) };
}

function waitingForAPerson(state: Forward): Decision | undefined {
  const waiting = state.runs.find((run) => run.progress.status === 'needs-decision' && isLatest(state, run));
  if (waiting?.progress.status !== 'needs-decision') return undefined;
  return halt(state, waiting.key.stepId, waiting.progress.failure);
}

function goOn(state: Forward): Decision {
  const retries = state.runs.filter((run) => run.progress.status === 'retry-requested' && isLatest(state, run));
  if (retries.length > 0) return { events: retries.map((run) => commandRetry(run, state.planned)) };
  const { steps } = state.planned.plan;
  if (steps.every((step) => hasSucceeded(state, step.id))) return finish(state);
  return state.status === 'paused' && !isDown(state) ? NOTHING : commandReady(state);
}

function finish(state: Forward): Decision {
  const rehearsal = rehearsalOutcome(state);
  return rehearsal === undefined ? completePlan(state) : decideRehearsed(state, rehearsal);
}

/** Commands every step whose predecessors are done. */
function commandReady(state: Forward): Decision {
  const ready = state.planned.plan.steps.filter(
    (step) => latestRun(state, step.id) === undefined && step.after.every((id) => hasSucceeded(state, id)),
  );
  const commands: Draft[] = [];
  for (const step of ready) {
    const resolved = resolveInputs(step, (stepId) => resultOf(state, stepId));
    if (resolved.outcome === 'missing') return halt(state, step.id, missingInput(step, resolved));
    commands.push(commandStep(state, state.planned, step, resolved.params));
  }
  return { events: commands };
}

function missingInput(step: PlannedStep, { name, input }: { name: string; input: { fromStep: string; path: string } }) {
  return failure(
    'STEP_INPUT_MISSING',
    `step ${step.id} takes ${name} from "${input.path}" of ${input.fromStep}, which did not answer it; ` +
      'roll the migration back',
  );
}

/** A limit on downtime must hold while a step runs, not only between two. */
function downtimeTimer({ planned, downtime, timers, request }: Forward): Draft | undefined {
  const limitMs = planned.plan.maxDowntimeMs;
  if (limitMs === undefined || downtime.sinceMs === undefined) return undefined;
  if (timers.some(({ timer }) => timer === DOWNTIME_TIMER)) return undefined;
  const dueAt = new Date(downtime.sinceMs + limitMs).toISOString();
  return event('TimerSet', { migrationId: request.migrationId, timer: DOWNTIME_TIMER, dueAt });
}

function halt({ request: { migrationId } }: Forward, at: string, because: ReturnType<typeof failure>): Decision {
  return { events: [event('MigrationHalted', { migrationId, at, because })] };
}

function isLatest(state: Forward, run: Forward['runs'][number]): boolean {
  return latestRun(state, run.key.stepId, run.key.direction) === run;
}
