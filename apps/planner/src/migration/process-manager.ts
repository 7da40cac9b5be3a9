import type { Pool } from 'pg';
import type { EventName, LedgerEvent } from '#shared/contracts/events.js';
import { toPosition, type MigrationId, type Position } from '#shared/contracts/ids.js';
import { migrationOfStream } from '#shared/contracts/streams.js';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import { LeasedCursor } from '#shared/ledger/leased-cursor.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWake } from '#shared/ledger/ledger-wake.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import type { FaultPoints } from '#shared/observability/fault-points.js';
import type { Logger } from '#shared/observability/logger.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { traceLogFields } from '#shared/observability/trace-context.js';
import type { Decision } from './decision.js';
import type { KnownState } from './migration-state.js';
import { react, type Reaction } from './reaction.js';
import { Timers } from './timers.js';

export const PROCESS_MANAGER_CURSOR = 'process-manager';

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
const BACK_OFF_MS = 500;

/** Cursor moves on their own are saved up: what was decided moves it anyway, and what was not is read again. */
const MOVE_AFTER = 256n;

/** Events after which there may be something to decide. What a run reports on its way to an outcome is not. */
const REACTIVE: ReadonlySet<EventName> = new Set<EventName>([
  'MigrationRequested',
  'RegistryRefreshed',
  'PlanCompiled',
  'PlanApproved',
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

/**
 * Issues the next command: reads the ledger in order, folds the migration an event belongs to, decides, appends.
 * One is active at a time, under a leased cursor that moves in the same append as what was decided; the others
 * wait for the lease.
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
        if (cursor === undefined) await pause(leaseTtlMs / 4, signal);
        else await this.lead(cursor);
      } catch (error) {
        this.report(error);
        await pause(BACK_OFF_MS, signal);
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
        if (events.length === 0) await this.idle(cursor, readTo, signal);
        else readTo = await this.handle(cursor, events, signal);
      }
      if (!cursor.lost.aborted) await this.moveOn(cursor, readTo, 1n);
    } finally {
      await cursor.release().catch((error: unknown) => {
        this.report(error);
      });
    }
  }

  private async handle(cursor: LeasedCursor, events: readonly LedgerEvent[], signal: AbortSignal): Promise<Position> {
    // A decision folds everything that is there, so it answers later events of this batch too.
    const seen = new Map<string, bigint>();
    let readTo = cursor.position;
    for (const event of events) {
      if (signal.aborted) return readTo;
      this.timers.observe(event);
      const migrationId = migrationOfStream(event.stream)?.migrationId;
      if (migrationId !== undefined && REACTIVE.has(event.type) && (seen.get(migrationId) ?? 0n) < event.position)
        seen.set(migrationId, await this.handleOne(cursor, migrationId, event));
      readTo = toPosition(event.position);
    }
    await this.moveOn(cursor, readTo, MOVE_AFTER);
    return readTo;
  }

  /** How far the decision looked. */
  private async handleOne(cursor: LeasedCursor, migrationId: MigrationId, event: LedgerEvent): Promise<bigint> {
    const reaction = await this.reactTo(cursor, migrationId, event);
    if (reaction.appended.length > 0) {
      cursor.position = toPosition(event.position);
      await this.appended(migrationId, event, reaction);
    }
    return reaction.seenTo;
  }

  /** What cannot be decided is left as it is and told: it must not keep all others waiting. */
  private async reactTo(cursor: LeasedCursor, migrationId: MigrationId, event: LedgerEvent): Promise<Reaction> {
    cursor.check();
    try {
      return await react(this.options, migrationId, {
        effect: cursor.moveTo(toPosition(event.position)),
        hold: cursor.moveTo(cursor.position),
        traceparent: event.metadata.traceparent,
      });
    } catch (error) {
      if (OF_THE_LEDGER.includes(toRehomeError(error).code)) throw error;
      this.options.logger.error({ migrationId, position: String(event.position), error }, 'migration left undecided');
      return { seenTo: event.position, appended: [] };
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

  private async idle(cursor: LeasedCursor, readTo: Position, signal: AbortSignal): Promise<void> {
    const { wake, pollMs, writer } = this.options;
    const due = this.timers.due(Date.now());
    if (due.length > 0) {
      cursor.check();
      await Promise.all(due.map((item) => writer.append(item)));
      return;
    }
    const untilTimer = this.timers.nextInMs(Date.now()) ?? pollMs;
    await wake.waitFor(signal, Math.min(pollMs, untilTimer), readTo);
  }

  private report(error: unknown): void {
    const { code } = toRehomeError(error);
    if (code === 'LEASE_LOST') this.options.logger.info({ error }, 'process manager lost its lease');
    else this.options.logger.error({ error }, 'process manager starts over');
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
