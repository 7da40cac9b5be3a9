import type { Pool } from 'pg';
import type { EventName, LedgerEvent } from '#shared/contracts/events.js';
import { toPosition, type MigrationId, type Position } from '#shared/contracts/ids.js';
import { migrationOfStream } from '#shared/contracts/streams.js';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import { LeasedCursor } from '#shared/ledger/leased-cursor.js';
import type { CursorEffect } from '#shared/ledger/ledger-effect.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWake } from '#shared/ledger/ledger-wake.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { pauseFor } from '#shared/messaging/waiting.js';
import type { FaultPoints } from '#shared/observability/fault-points.js';
import type { Logger } from '#shared/observability/logger.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { traceLogFields } from '#shared/observability/trace-context.js';
import type { Decision } from './decision.js';
import type { KnownState } from './migration-state.js';
import { react, type History, type Reaction } from './reaction.js';
import { Timers } from './timers.js';

const PROCESS_MANAGER_CURSOR = 'process-manager';

export interface ProcessManagerOptions {
  readonly reader: LedgerReader;
  /** Signs what executors receive as commands. */
  readonly writer: Pick<LedgerWriter, 'append'>;
  /** Reads anew what a migration that waited compiles from. */
  readonly refresh: (state: KnownState) => Promise<Decision>;
  readonly wake: LedgerWake;
  /** Of purpose `leases`. */
  readonly leases: Pool;
  /** Unique per process. */
  readonly owner: string;
  readonly leaseTtlMs: number;
  /** How long it waits for a wake-up before it looks by itself. */
  readonly pollMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly faults: Pick<FaultPoints, 'reach'>;
}

const BATCH = 256;

/** Migrations that are loaded by one query and decided side by side; each may have hundreds of events. */
const TOGETHER = 32;
const BACK_OFF_MS = 500;

/** Cursor moves on their own are saved up: what was decided moves it anyway, and what was not is read again. */
const MOVE_AFTER = 256n;

/**
 * Events after which there may be something to decide. Of what a run reports on its way to an outcome only the start:
 * the time without the application may begin there.
 */
const REACTIVE: ReadonlySet<EventName> = new Set<EventName>([
  'MigrationRequested',
  'RegistryRefreshed',
  'PlanCompiled',
  'PlanApproved',
  'StepStarted',
  'StepSucceeded',
  'StepUndone',
  'StepFailed',
  'StepCancelled',
  'StepNeedsDecision',
  'StepResolved',
  'StepRetryRequested',
  'CompensationStarted',
  'RollbackRequested',
  'PointOfNoReturnPassed',
  'MigrationResumed',
  'MigrationCancelRequested',
  'TimerFired',
]);

/** Waiting helps, or somebody else goes on; anything else is one migration's own trouble. */
const OF_THE_LEDGER: readonly ErrorCode[] = ['LEDGER_UNAVAILABLE', 'LEDGER_CONFLICT', 'LEASE_LOST'];

/** A migration about which something happened, and its newest event that may matter. */
type Due = readonly [MigrationId, LedgerEvent];

/**
 * Issues the next command: reads the ledger in order, folds the migrations that events belong to, decides, appends.
 * One is active at a time, under a leased cursor; the others wait for the lease. Every append checks the lease, and the
 * cursor moves when all that came before has been answered: whoever dies in between decides the same again, under the
 * same event ids.
 */
export class ProcessManager {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private readonly timers = new Timers();

  constructor(private readonly options: ProcessManagerOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Ends after the event at hand and gives the lease back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        const { leases, owner, leaseTtlMs } = this.options;
        const cursor = await LeasedCursor.acquire(leases, {
          name: PROCESS_MANAGER_CURSOR,
          owner,
          ttlMs: leaseTtlMs,
        });
        if (cursor === undefined) await pauseFor(leaseTtlMs / 4, signal);
        else await this.lead(cursor);
      } catch (error) {
        this.report(error);
        await pauseFor(BACK_OFF_MS, signal);
      }
    }
  }

  private async lead(cursor: LeasedCursor): Promise<void> {
    const { logger, reader } = this.options;
    const signal = AbortSignal.any([this.stopping.signal, cursor.lost]);
    logger.info({ fence: cursor.fence, position: String(cursor.position) }, 'process manager leads');
    try {
      await this.timers.load(reader, cursor.position);
      let readTo = cursor.position;
      while (!signal.aborted) {
        const events = await reader.read({ after: readTo, limit: BATCH });
        readTo = await this.handle(cursor, events, readTo, signal);
        const fired = await this.fireTimers(cursor);
        if (events.length === 0 && !fired) await this.idle(readTo, signal);
      }
      if (!cursor.lost.aborted) await this.moveOn(cursor, readTo, 1n);
    } finally {
      await cursor.release().catch((error: unknown) => {
        this.report(error);
      });
    }
  }

  private async handle(
    cursor: LeasedCursor,
    events: readonly LedgerEvent[],
    after: Position,
    signal: AbortSignal,
  ): Promise<Position> {
    for (const event of events) this.timers.observe(event);
    const due = dueOf(events);
    const readTo = toPosition(events.at(-1)?.position ?? after);
    // What is decided alone moves the cursor in its own append; side by side nobody knows what the others still owe.
    if (due.length === 1) await this.decideAll(cursor, due, cursor.moveTo(readTo));
    else
      for (let from = 0; from < due.length; from += TOGETHER) {
        if (signal.aborted) return after;
        await this.decideAll(cursor, due.slice(from, from + TOGETHER), cursor.moveTo(cursor.position));
      }
    await this.moveOn(cursor, readTo, MOVE_AFTER);
    return readTo;
  }

  /** Side by side: each has its own stream, and what they share is reserved in the ledger. */
  private async decideAll(cursor: LeasedCursor, due: readonly Due[], effect: CursorEffect): Promise<void> {
    cursor.check();
    const histories = await this.options.reader.readMigrations(due.map(([migrationId]) => migrationId));
    const decided = await Promise.allSettled(
      due.map(([migrationId, because]) =>
        this.decideOne(cursor, { migrationId, events: histories.get(migrationId) ?? [] }, because, effect),
      ),
    );
    for (const one of decided) if (one.status === 'rejected') throw toRehomeError(one.reason);
    if (decided.some((one) => one.status === 'fulfilled' && one.value)) cursor.position = toPosition(effect.position);
  }

  /**
   * Whether anything was appended. What cannot be decided is left as it is and told: it must not keep all others waiting.
   */
  private async decideOne(
    cursor: LeasedCursor,
    history: History,
    because: LedgerEvent,
    effect: CursorEffect,
  ): Promise<boolean> {
    const { migrationId } = history;
    try {
      const hold = cursor.moveTo(cursor.position);
      const reaction = await react(this.options, history, { effect, hold, traceparent: because.metadata.traceparent });
      if (reaction.appended.length > 0) await this.appended(migrationId, because, reaction);
      return reaction.appended.length > 0;
    } catch (error) {
      if (OF_THE_LEDGER.includes(toRehomeError(error).code)) throw error;
      this.options.logger.error({ migrationId, position: String(because.position), error }, 'migration left undecided');
      return false;
    }
  }

  private async appended(migrationId: string, event: LedgerEvent, reaction: Reaction): Promise<void> {
    const { faults, logger, metrics } = this.options;
    metrics.count('rehome_process_manager_reactions_total', {});
    const { appended, traceparent } = reaction;
    const because = { position: String(event.position), because: event.type };
    logger.info({ migrationId, ...because, appended, ...traceLogFields(traceparent) }, 'decided');
    await faults.reach('process-manager.appended');
  }

  private async moveOn(cursor: LeasedCursor, position: Position, atLeast: bigint): Promise<void> {
    if (position - cursor.position < atLeast) return;
    cursor.check();
    const answer = await this.options.writer.append({ appends: [], effects: [cursor.moveTo(position)] });
    if (answer.outcome !== 'appended')
      throw new RehomeError('LEASE_LOST', `the cursor "${PROCESS_MANAGER_CURSOR}" did not move: ${answer.outcome}`);
    cursor.position = position;
  }

  /** Whether any was due. */
  private async fireTimers(cursor: LeasedCursor): Promise<boolean> {
    const due = this.timers.due(Date.now());
    if (due.length === 0) return false;
    cursor.check();
    await Promise.all(due.map((item) => this.options.writer.append(item)));
    return true;
  }

  private async idle(readTo: Position, signal: AbortSignal): Promise<void> {
    const { wake, pollMs } = this.options;
    const untilTimer = this.timers.nextInMs(Date.now()) ?? pollMs;
    await wake.waitFor(signal, Math.min(pollMs, untilTimer), readTo);
  }

  private report(error: unknown): void {
    const { code } = toRehomeError(error);
    if (code === 'LEASE_LOST') this.options.logger.info({ error }, 'process manager lost its lease');
    else this.options.logger.error({ error }, 'process manager starts over');
  }
}

/** Each migration once: a decision folds everything that is there, so it answers all of its events. */
function dueOf(events: readonly LedgerEvent[]): Due[] {
  const due = new Map<MigrationId, LedgerEvent>();
  for (const event of events) {
    const migrationId = migrationOfStream(event.stream)?.migrationId;
    if (migrationId !== undefined && REACTIVE.has(event.type)) due.set(migrationId, event);
  }
  return [...due];
}
