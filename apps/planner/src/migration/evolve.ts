import type { LedgerEvent, LedgerEventOf } from '#shared/contracts/events.js';
import { assertNever } from '#shared/errors/assert-never.js';
import { readOptions } from '../planning/request-options.js';
import { NO_DOWNTIME, countDowntime } from './downtime.js';
import { commandedRun, evolveRun, isRun, type RunEvent } from './evolve-run.js';
import { evolveDecision } from './evolve-decision.js';
import { INSPECT_STEP, initialState, isOver, type KnownState, type MigrationState } from './migration-state.js';

/** The state of one migration from its events, its own and its steps', in the order of the ledger. */
export function foldMigration(events: readonly LedgerEvent[]): MigrationState {
  return events.reduce(evolve, initialState);
}

/** One event further. Events of other things leave the state as it is. */
export function evolve(state: MigrationState, event: LedgerEvent): MigrationState {
  if (state.status === 'unknown') return event.type === 'MigrationRequested' ? requested(event) : state;
  const next = evolveKnown(state, event);
  return {
    ...next,
    position: event.position,
    lastEventId: event.eventId,
    lastAt: event.recordedAt,
    version: event.stream === `migration-${state.request.migrationId}` ? event.streamVersion : state.version,
    downtime: countDowntime(state.downtime, event, state.planned?.plan),
  };
}

function evolveKnown(state: KnownState, event: LedgerEvent): KnownState {
  switch (event.type) {
    case 'StepCommanded':
      return commanded(state, event);
    case 'StepCancelCommanded':
    case 'StepAccepted':
    case 'StepStarted':
    case 'StepLeaseLost':
    case 'StepSucceeded':
    case 'StepUndone':
    case 'StepFailed':
    case 'StepCancelled':
    case 'StepNeedsDecision':
      return inRun(state, event);
    case 'MigrationScheduled':
      return { ...state, status: 'scheduled', runAt: event.data.runAt };
    case 'RegistryRefreshed':
      return refreshed(state, event);
    case 'PlanCompiled':
      return compiled(state, event);
    case 'TimerSet':
      return { ...state, timers: [...state.timers, { ...event.data, fired: false }] };
    case 'TimerFired':
      return fired(state, event);
    case 'PlanRefused':
    case 'PlanApproved':
    case 'StepResolved':
    case 'StepRetryRequested':
    case 'CompensationStarted':
    case 'RollbackRequested':
    case 'PointOfNoReturnPassed':
    case 'MigrationPaused':
    case 'MigrationResumed':
    case 'MigrationCancelRequested':
    case 'MigrationCompleted':
    case 'MigrationRolledBack':
    case 'MigrationCancelled':
    case 'MigrationHalted':
      return isOver(state) ? state : evolveDecision(state, event);
    case 'MigrationRequested':
    case 'CommandRejected':
    // Forged: it says nothing of the run that it names.
    case 'StepCommandRefused':
    case 'InstanceRegistered':
    case 'InstanceMoved':
    case 'InstanceResized':
    case 'ServerRegistered':
    case 'ServiceRegistered':
    case 'SourceRegistered':
    case 'PolicySet':
    case 'EntitlementsSet':
    case 'ProjectRegistered':
    case 'HealthChanged':
      return state;
    default:
      return assertNever(event);
  }
}

function requested({ data, metadata, ...event }: LedgerEventOf<'MigrationRequested'>): KnownState {
  const { migrationId, kind, subject, title, request, registry, policies = [], dryRun, requestedBy } = data;
  const { correlationId, traceparent } = metadata;
  return {
    status: 'requested',
    request: {
      migrationId,
      kind,
      subject,
      title,
      request,
      registry,
      policies,
      dryRun,
      requestedBy,
      requestedAt: event.recordedAt,
      correlationId,
      ...(traceparent === undefined ? {} : { traceparent }),
    },
    position: event.position,
    lastEventId: event.eventId,
    lastAt: event.recordedAt,
    version: event.streamVersion,
    runs: [],
    timers: [],
    stale: false,
    downtime: NO_DOWNTIME,
    planned: undefined,
    stop: undefined,
    compensation: undefined,
  };
}

function commanded(state: KnownState, event: LedgerEventOf<'StepCommanded'>): KnownState {
  const runs = [...state.runs, commandedRun(event)];
  return event.data.stepId === INSPECT_STEP ? { ...state, status: 'inspecting', runs } : { ...state, runs };
}

function inRun(state: KnownState, event: RunEvent): KnownState {
  return { ...state, runs: state.runs.map((run) => (isRun(run, event.data) ? evolveRun(run, event) : run)) };
}

function compiled(state: KnownState, { data }: LedgerEventOf<'PlanCompiled'>): KnownState {
  const { plan, planHash, approval } = data;
  // Plans of before carry no `approval`: then the request alone says it.
  const wished = plan.steps.length > 0 && readOptions(state.request.request).approval === 'required';
  const asked = approval !== undefined || wished;
  const waits = asked && !state.request.dryRun;
  const planned = { plan, planHash, passed: false, ...(approval === undefined ? {} : { approval }) };
  return { ...state, status: waits ? 'awaiting-approval' : 'migrating', planned };
}

function refreshed(state: KnownState, { data }: LedgerEventOf<'RegistryRefreshed'>): KnownState {
  const { registry, policies } = data;
  return { ...state, stale: false, request: { ...state.request, registry, policies } };
}

/** Whatever a scheduled migration waited for, it begins anew: facts from before may be stale. */
function fired(state: KnownState, { data }: LedgerEventOf<'TimerFired'>): KnownState {
  const timers = state.timers.map((timer) => (timer.timer === data.timer ? { ...timer, fired: true } : timer));
  return state.status === 'scheduled' ? { ...state, status: 'requested', timers, stale: true } : { ...state, timers };
}
