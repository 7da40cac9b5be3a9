import type {
  EventMetadata,
  EventName,
  EventTypes,
  Failure,
  LedgerEvent,
  LedgerEventOf,
  StepDirection,
} from '#shared/contracts/events.js';
import { toMigrationId, toStepId, type StreamId } from '#shared/contracts/ids.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { migrationStream, stepStream } from '#shared/contracts/streams.js';
import type { RecipeRequest } from '../planning/recipe.js';
import { MIGRATION_ID, upgradeRequest } from '../planning/upgrade-test-kit.js';
import { decide } from './decide.js';
import type { Decision, Draft } from './decision.js';
import { foldMigration } from './evolve.js';
import type { KnownState, MigrationState, StepRun } from './migration-state.js';
import { ANSWERS } from './answers-test-kit.js';
import { isInFlight, latestRun } from './step-runs.js';

const METADATA: EventMetadata = { correlationId: 'c-1', causationId: 'c-1', actor: 'key:tests' };
const ID = toMigrationId(MIGRATION_ID);

type Requested = Partial<EventTypes['MigrationRequested']>;

/** What became of a step, as a spec says it. */
export type Told =
  | { readonly succeeded: JsonObject }
  | { readonly failed: Failure }
  | { readonly needsDecision: Failure }
  | { readonly cancelled: string };

export const BROKEN: Failure = { code: 'POSTGRES_STATEMENT_FAILED', detail: 'permission denied' };

/** The history of one migration, told event by event: an executor and a person that a spec plays. */
export class History {
  readonly events: LedgerEvent[] = [];
  /** Each event is recorded this much later than the one before it. */
  private readonly tickMs = 10;
  private nowMs = Date.parse('2026-11-21T01:00:00Z');
  private readonly versions = new Map<string, number>();

  /** One that was asked for and nothing more. */
  static requested(request: RecipeRequest = upgradeRequest(), changes: Requested = {}): History {
    const history = new History();
    history.add('MigrationRequested', {
      ...request,
      kind: 'upgrade',
      subject: 'instance:46784872-aaaa-4bbb-8ccc-0123456789ab',
      dryRun: false,
      requestedBy: 'key:tests',
      answerStatus: 'migrating',
      ...changes,
    });
    return history;
  }

  get state(): MigrationState {
    return foldMigration(this.events);
  }

  get known(): KnownState {
    const { state } = this;
    if (state.status === 'unknown') throw new Error('nothing was requested');
    return state;
  }

  decide(): Decision {
    return decide(this.state);
  }

  /** Types of the decided events, for a quick look. */
  decided(): string[] {
    return this.decide().events.map(nameOf);
  }

  add<N extends EventName>(type: N, data: EventTypes[N], stream: StreamId = migrationStream(ID)): this {
    const streamVersion = (this.versions.get(stream) ?? 0) + 1;
    this.versions.set(stream, streamVersion);
    this.nowMs += this.tickMs;
    const position = BigInt(this.events.length + 1);
    const event: LedgerEventOf<N> = {
      eventId: `event-${String(position)}`,
      type,
      schemaVersion: 1,
      data,
      metadata: METADATA,
      position,
      stream,
      streamVersion,
      recordedAt: new Date(this.nowMs).toISOString(),
      dataText: '',
      metadataText: '',
      prevHash: '',
      hash: '',
    };
    this.events.push(event as LedgerEvent);
    return this;
  }

  /** Time passes before the next event. */
  later(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  /** Appends what was decided; the names of the events. */
  advance(): string[] {
    const { events } = this.decide();
    for (const draft of events) this.append(draft);
    return events.map(nameOf);
  }

  /** Decides until nothing follows any more. */
  settle(): this {
    while (this.advance().length > 0);
    return this;
  }

  started(stepId: string, direction: StepDirection = 'run'): this {
    const { key, kind, attempt } = this.runOf(stepId, direction);
    const of = { ...key, attempt: attempt + 1, fence: attempt + 1 };
    return this.add('StepStarted', { ...of, kind, owner: 'executor-1' }, streamOf(stepId));
  }

  /** The outcome of a run that has started. */
  told(stepId: string, told: Told, direction: StepDirection = 'run'): this {
    const { key, kind, attempt } = this.runOf(stepId, direction);
    const of = { ...key, attempt, fence: attempt, kind };
    const stream = streamOf(stepId);
    if ('failed' in told) return this.add('StepFailed', { ...of, failure: told.failed, final: true }, stream);
    if ('needsDecision' in told) return this.add('StepNeedsDecision', { ...of, failure: told.needsDecision }, stream);
    if ('cancelled' in told) return this.add('StepCancelled', { ...of, reason: told.cancelled }, stream);
    const done = { ...of, durationMs: 5, result: told.succeeded };
    if (direction === 'undo') return this.add('StepUndone', done, stream);
    return this.add('StepSucceeded', { ...done, alreadyDone: false }, stream);
  }

  /** A run that starts and ends well, with the example answer unless another is given. */
  done(stepId: string, result?: JsonObject, direction: StepDirection = 'run'): this {
    const answer =
      direction === 'undo' ? undoAnswer(stepId) : asJsonObject(ANSWERS[this.runOf(stepId, direction).kind]);
    return this.started(stepId, direction).told(stepId, { succeeded: result ?? answer }, direction);
  }

  /** A run that starts and fails for good. */
  fails(stepId: string, failed: Failure = BROKEN, direction: StepDirection = 'run'): this {
    return this.started(stepId, direction).told(stepId, { failed }, direction);
  }

  /** Lets everything go well until a step is commanded, or to the end when none is named. */
  until(stepId?: string): this {
    for (;;) {
      this.settle();
      const running = this.known.runs.filter(isInFlight);
      const next = running[0];
      if (next === undefined || running.some(({ key }) => key.stepId === stepId)) return this;
      this.done(next.key.stepId, undefined, next.key.direction);
    }
  }

  /** Steps whose undo was commanded, in order. */
  undone(): string[] {
    return this.known.runs.filter(({ key }) => key.direction === 'undo').map(({ key }) => key.stepId);
  }

  /** Data of the newest event of a type. */
  last<N extends EventName>(type: N): EventTypes[N] {
    const event = this.events.findLast((one): one is Extract<LedgerEvent, { type: N }> => one.type === type);
    if (event === undefined) throw new Error(`no ${type} yet`);
    return event.data as EventTypes[N];
  }

  private append<N extends EventName>(draft: Extract<Draft, { type: N }>): void {
    this.add(draft.type, draft.data as EventTypes[N], draft.stream);
  }

  private runOf(stepId: string, direction: StepDirection): StepRun {
    const run = latestRun(this.known, stepId, direction);
    if (run === undefined) throw new Error(`${direction} of ${stepId} was not commanded`);
    return run;
  }
}

function nameOf(draft: Draft): string {
  if (draft.type === 'StepCommanded') {
    const { stepId, direction, generation } = draft.data;
    return [draft.type, direction === 'undo' ? 'undo' : '', stepId, generation > 1 ? String(generation) : '']
      .filter((part) => part !== '')
      .join(' ');
  }
  return draft.type === 'StepCancelCommanded' ? `${draft.type} ${draft.data.stepId}` : draft.type;
}

function streamOf(stepId: string): StreamId {
  return stepStream(ID, toStepId(stepId));
}

function undoAnswer(stepId: string): JsonObject {
  return stepId === 'start-service' ? { targetUnchanged: true } : {};
}
