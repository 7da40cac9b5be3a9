import { toPosition } from '#shared/contracts/ids.js';
import type { LedgerEvent } from '#shared/contracts/events.js';
import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import type { LeasedCursor } from '#shared/ledger/leased-cursor.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWake } from '#shared/ledger/ledger-wake.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { backOffMs, pauseFor } from '#shared/messaging/waiting.js';
import type { Logger } from '#shared/observability/logger.js';

/** A read model: folds events in. Called at least once per event, so the same page again must change nothing. */
export interface Projection {
  readonly name: string;
  apply(events: readonly LedgerEvent[]): Promise<void>;
}

export interface ProjectionRunnerParts {
  readonly projection: Projection;
  /** Takes the lease of the projection's cursor; undefined while another planner holds it. */
  readonly acquire: () => Promise<LeasedCursor | undefined>;
  readonly reader: LedgerReader;
  readonly writer: LedgerWriter;
  readonly wake: LedgerWake;
  readonly logger: Logger;
}

const PAGE = 500;
const IDLE_MS = 500;
const STANDBY_MS = 500;
const LONGEST_BACK_OFF_MS = 5_000;

/** Brings one read model up to date for ever: page by page under a lease, the cursor after what it covers. */
export class ProjectionRunner {
  private readonly stopping = new AbortController();
  private life: Promise<void> | undefined;
  private failures = 0;

  constructor(private readonly parts: ProjectionRunnerParts) {}

  start(): void {
    this.life ??= this.live();
  }

  /** Ends after the page at hand and gives the lease back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.life;
  }

  private async live(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        const cursor = await this.parts.acquire();
        if (cursor !== undefined) await this.lead(cursor);
        await pauseFor(STANDBY_MS, signal);
      } catch (error) {
        await this.backOff(error);
      }
    }
  }

  private async lead(cursor: LeasedCursor): Promise<void> {
    const signal = AbortSignal.any([this.stopping.signal, cursor.lost]);
    try {
      while (!signal.aborted) {
        const events = await this.parts.reader.read({ after: cursor.position, limit: PAGE });
        if (events.length > 0) await this.applyPage(cursor, events);
        else await this.parts.wake.waitFor(signal, IDLE_MS, cursor.position);
        this.failures = 0;
      }
    } finally {
      await cursor.release();
    }
  }

  private async applyPage(cursor: LeasedCursor, events: readonly LedgerEvent[]): Promise<void> {
    const { projection, writer } = this.parts;
    await projection.apply(events);
    const position = toPosition(events.at(-1)?.position ?? cursor.position);
    cursor.check();
    const answer = await writer.append({ appends: [], effects: [cursor.moveTo(position)] });
    if (answer.outcome === 'refused')
      throw new RehomeError('LEASE_LOST', `another planner moved the cursor of ${projection.name}`);
    cursor.position = position;
  }

  private async backOff(error: unknown): Promise<void> {
    this.failures += 1;
    const failure = toRehomeError(error);
    const { projection, logger } = this.parts;
    logger.warn({ projection: projection.name, err: failure, failures: this.failures }, 'projection waits');
    await pauseFor(backOffMs(this.failures, 100, LONGEST_BACK_OFF_MS), this.stopping.signal);
  }
}
