import type { Failure } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import { compile } from '../planning/compile.js';
import { approvalOf } from '../planning/policies.js';
import { hashPlan } from '../planning/plan-hash.js';
import { recipeOf } from '../planning/recipe-registry.js';
import type { Recipe } from '../planning/recipe.js';
import { readOptions } from '../planning/request-options.js';
import { commandInspection } from './commands.js';
import { event, failure, NOTHING, type Decision } from './decision.js';
import { failureOfRun } from './judge-result.js';
import { INSPECT_STEP, type Common, type StateOf } from './migration-state.js';
import { latestRun, resultOf } from './step-runs.js';

const REFRESH: Decision = { events: [], refresh: true };

const RUN_AT_TIMER = 'run-at';
const BUSY_TIMER = 'busy-';
const FIRST_BUSY_WAIT_MS = 1_000;
const LONGEST_BUSY_WAIT_MS = 60_000;

/** Waits for its time, else reads the facts, else (nothing to read) compiles at once. */
export function decideRequested(state: StateOf<'requested'>): Decision {
  const { request } = state;
  const recipe = recipeOf(request.kind);
  if (recipe === undefined) return refuse(state, [failure('KIND_UNKNOWN', `no recipe for "${request.kind}"`)]);
  const { runAt } = readOptions(request.request);
  if (runAt !== undefined && !request.dryRun && !hasTimer(state, RUN_AT_TIMER)) return schedule(state, runAt);
  if (state.stale) return REFRESH;
  return attempt(state, () => {
    const inspection = recipe.inspect(request);
    return inspection === undefined
      ? compilePlan(state, recipe, undefined)
      : { events: [commandInspection(state, inspection)] };
  });
}

/** Facts become a plan, or all the reasons why not. */
export function decideInspected(state: StateOf<'inspecting'>): Decision {
  const run = latestRun(state, INSPECT_STEP);
  const recipe = recipeOf(state.request.kind);
  if (run === undefined || recipe === undefined) return NOTHING;
  const reason = failureOfRun(run) ?? (run.progress.status === 'needs-decision' ? run.progress.failure : undefined);
  // It changed nothing: a refusal is safe, and a new request reads the facts again.
  if (reason !== undefined) return refuse(state, [reason]);
  const facts = resultOf(state, INSPECT_STEP);
  return facts === undefined ? NOTHING : attempt(state, () => compilePlan(state, recipe, facts));
}

/**
 * The plan could not reserve what it touches. It queues when the request says so (those from Kafka and those with a time
 * unless they say otherwise), with waits that double, and inspects again then.
 */
export function decideBusy(state: Common, busy: { readonly subject: string; readonly holder: string }): Decision {
  const { request } = state;
  const { runAt, onBusy: wanted } = readOptions(request.request);
  // Nobody waits for the answer of a message, nor of what was planned for the night.
  const unattended = runAt !== undefined || request.requestedBy.startsWith('source:');
  const onBusy = wanted ?? (unattended ? 'queue' : 'refuse');
  const detail = `${busy.subject} is held by migration ${busy.holder}; wait for its end or set options.onBusy to "queue"`;
  if (onBusy === 'refuse') return refuse(state, [failure('SUBJECT_BUSY', detail, { ...busy })]);
  const tries = state.timers.filter(({ timer }) => timer.startsWith(BUSY_TIMER)).length;
  const waitMs = Math.min(FIRST_BUSY_WAIT_MS * 2 ** tries, LONGEST_BUSY_WAIT_MS);
  // From the last recorded time, not from a clock: whoever repeats the decision decides the same.
  const dueAt = new Date(Date.parse(state.lastAt) + waitMs).toISOString();
  return waitUntil(state, `${BUSY_TIMER}${String(tries + 1)}`, dueAt);
}

/** Whether a timer's end may come early, because somebody released what was waited for. */
export function isBusyTimer(timer: string): boolean {
  return timer.startsWith(BUSY_TIMER);
}

export function refuse(
  { request }: Common,
  reasons: readonly Failure[],
  checks: readonly PreflightCheck[] = [],
): Decision {
  return { events: [event('PlanRefused', { migrationId: request.migrationId, reasons, checks })], release: true };
}

function compilePlan(state: Common, recipe: Recipe, facts: JsonObject | undefined): Decision {
  const { request } = state;
  const compiled = compile(recipe, request, facts);
  if (compiled.outcome === 'refused') return refuse(state, compiled.reasons, compiled.checks);
  const { plan } = compiled;
  const { migrationId } = request;
  // Nobody needs to approve that there is nothing to do.
  const approval = plan.steps.length === 0 ? undefined : approvalOf(plan, request);
  const waits = approval === undefined ? {} : { approval };
  return {
    events: [event('PlanCompiled', { migrationId, plan, planHash: hashPlan(plan), ...waits })],
    // A dry run touches nothing and stands in nobody's way.
    ...(request.dryRun ? {} : { reserve: plan.reservations }),
  };
}

function schedule(state: Common, runAt: string): Decision {
  return waitUntil(state, RUN_AT_TIMER, runAt);
}

function waitUntil({ request: { migrationId } }: Common, timer: string, dueAt: string): Decision {
  return {
    events: [
      event('MigrationScheduled', { migrationId, runAt: dueAt }),
      event('TimerSet', { migrationId, timer, dueAt }),
    ],
  };
}

function hasTimer({ timers }: Common, name: string): boolean {
  return timers.some(({ timer }) => timer === name);
}

/** A snapshot or facts that cannot be read refuse this migration; they must not stop the others. */
function attempt(state: Common, decideNow: () => Decision): Decision {
  try {
    return decideNow();
  } catch (error) {
    return refuse(state, [failure('INTERNAL', error instanceof Error ? error.message : String(error))]);
  }
}
