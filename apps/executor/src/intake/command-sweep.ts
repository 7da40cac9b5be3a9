import type { Pool } from 'pg';
import type { LedgerEvent } from '#shared/contracts/events.js';
import { toPosition, type Position } from '#shared/contracts/ids.js';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { type RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import { LeasedCursor } from '#shared/ledger/leased-cursor.js';
import { ledgerFailure, type LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { pauseFor } from '#shared/messaging/waiting.js';
import type { Logger } from '#shared/observability/logger.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { isKnownRun } from '../running/step-run-store.js';
import { arrivalOfEvent } from './arrival.js';
import type { CommandIntake } from './command-intake.js';

export interface CommandSweepParts {
  readonly intake: CommandIntake;
  readonly reader: LedgerReader;
  readonly ledger: Pick<LedgerWriter, 'append'>;
  readonly reads: Pool;
  readonly leases: Pool;
  readonly owner: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export interface CommandSweepOptions {
  readonly intervalMs: number;
  /** How long Kafka gets to bring a published command. */
  readonly graceMs: number;
  readonly leaseTtlMs: number;
}

const PAGE = 200;

/**
 * Finds commands that the relay published and Kafka never brought: an offset jumped (OffsetOutOfRange), a topic was
 * lost. What is not published yet is none of its business: with Kafka stopped nothing starts.
 */
export class CommandSweep {
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  private cursor: LeasedCursor | undefined;
  /** Of the last failed look; told once, however long it lasts. */
  private trouble: ErrorCode | undefined;

  constructor(
    private readonly parts: CommandSweepParts,
    private readonly options: CommandSweepOptions,
  ) {}

  start(): void {
    this.loop ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
    await this.cursor?.release().catch(() => undefined);
  }

  /** One look. @returns how many commands were found. */
  async sweep(): Promise<number> {
    const cursor = await this.lease();
    if (cursor === undefined) return 0;
    const until = await this.ripeUntil();
    let found = 0;
    while (cursor.position < until && !this.stopping.signal.aborted) {
      const page = await this.parts.reader.read({
        after: cursor.position,
        until,
        limit: PAGE,
        types: ['StepCommanded', 'StepCancelCommanded'],
      });
      for (const event of page) if (await this.takeReadable(event)) found += 1;
      await this.advance(cursor, page.length === PAGE ? toPosition(page.at(-1)?.position ?? until) : until);
    }
    return found;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.sweep();
        this.trouble = undefined;
      } catch (error) {
        this.report(toRehomeError(error));
      }
      await pauseFor(this.options.intervalMs, signal);
    }
  }

  private report(err: RehomeError): void {
    if (err.code !== this.trouble) this.parts.logger.warn({ err }, 'sweep failed');
    this.trouble = err.code;
  }

  private async lease(): Promise<LeasedCursor | undefined> {
    if (this.cursor !== undefined && !this.cursor.lost.aborted) return this.cursor;
    const { leases, owner } = this.parts;
    const claim = { name: 'executor-sweep', owner, ttlMs: this.options.leaseTtlMs };
    this.cursor = await LeasedCursor.acquire(leases, claim);
    return this.cursor;
  }

  /** The last position that the relay has published and that is old enough. */
  private async ripeUntil(): Promise<Position> {
    try {
      const { rows } = await this.parts.reads.query<{ position: string }>(
        `select coalesce(max(event.position), 0) as position
           from ledger.cursor as relay
           join lateral (select position
                           from ledger.event
                          where position <= relay.position
                            and recorded_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
                          order by position desc
                          limit 1) as event on true
          where relay.name = 'relay'`,
        [this.options.graceMs],
      );
      return toPosition(rows[0]?.position ?? 0);
    } catch (error) {
      throw ledgerFailure(error);
    }
  }

  /** One that names no run, or is not the planner's, can be given to nobody and must not stop the sweep. */
  private async takeReadable(event: LedgerEvent): Promise<boolean> {
    try {
      return await this.take(event);
    } catch (error) {
      const failure = toRehomeError(error);
      if (failure.disposition !== 'reject') throw error;
      this.parts.logger.error({ eventId: event.eventId, err: failure }, 'command in the ledger cannot be taken');
      return false;
    }
  }

  private async take(event: LedgerEvent): Promise<boolean> {
    const { intake, reads, metrics, logger } = this.parts;
    if (event.type === 'StepCancelCommanded') {
      // Asked again also when Kafka brought it: it may have come before its step.
      await intake.cancel(arrivalOfEvent(event));
      return false;
    }
    if (event.type !== 'StepCommanded' || (await isKnownRun(reads, event.data))) return false;
    const { eventId: commandId, position, data } = event;
    const acceptance = await intake.accept(arrivalOfEvent(event));
    if (acceptance !== 'accepted') return false;
    metrics.count('rehome_swept_commands_total', {});
    logger.warn(
      { commandId, position: String(position), stepId: data.stepId },
      'command found that Kafka did not bring',
    );
    return true;
  }

  private async advance(cursor: LeasedCursor, position: Position): Promise<void> {
    const answer = await this.parts.ledger.append({ appends: [], effects: [cursor.moveTo(position)] });
    if (answer.outcome === 'appended') cursor.position = position;
    else await cursor.release();
  }
}
