import { RehomeError, toRehomeError } from '../errors/rehome-error.js';
import type { ErrorCode } from '../errors/error-codes.js';
import { toPosition } from '../contracts/ids.js';
import type { LeasedCursor } from '../ledger/leased-cursor.js';
import type { LedgerReader } from '../ledger/ledger-reader.js';
import type { LedgerWake } from '../ledger/ledger-wake.js';
import type { LedgerWriter } from '../ledger/ledger-writer.js';
import type { Logger } from '../observability/logger.js';
import { traced } from '../observability/tracing.js';
import { TRACEPARENT } from './cloud-event-headers.js';
import { batchesOf, type EventBatch, type RelayTopics } from './event-batches.js';
import type { RecordSender } from './record-sender.js';
import { backOffMs, pauseFor } from './waiting.js';

export interface RelayParts {
  /** Takes the lease of cursor `relay`; undefined while another relay holds it. */
  readonly acquire: () => Promise<LeasedCursor | undefined>;
  readonly reader: Pick<LedgerReader, 'read' | 'head'>;
  readonly writer: Pick<LedgerWriter, 'append'>;
  readonly wake: Pick<LedgerWake, 'waitFor'>;
  readonly sender: Pick<RecordSender, 'send'>;
  readonly faults: { reach(name: string): Promise<void> };
  readonly logger: Logger;
  /** For metrics, after each batch that was sent. */
  readonly observe?: (batch: EventBatch) => void;
  /** The topics of the contract when absent. */
  readonly topics?: RelayTopics;
}

export interface RelayState {
  /** `standby`: another relay has the lease. `publishing`: has it and reads on. */
  readonly phase: 'stopped' | 'standby' | 'publishing';
  /** Every event up to here is in Kafka; undefined before the first lease. */
  readonly position: bigint | undefined;
  /** Why it makes no progress now. */
  readonly because: ErrorCode | undefined;
}

const READ_LIMIT = 500;
/** Without a notification the ledger is looked at this often. */
const IDLE_MS = 500;
const STANDBY_MS = 500;
const BACK_OFF_FIRST_MS = 50;
const BACK_OFF_MOST_MS = 1_000;

/**
 * Publishes the ledger: every event in position order, each batch acknowledged before the cursor moves and
 * before the next is sent. A crash in between, or an old relay that has not noticed yet, sends a batch again
 * with the same ids and sequences; nothing is ever left out. One relay at a time works, the others stand by.
 */
export class Relay {
  private readonly stopping = new AbortController();
  private phase: RelayState['phase'] = 'stopped';
  private position: bigint | undefined;
  private because: ErrorCode | undefined;
  private life: Promise<void> | undefined;

  constructor(private readonly parts: RelayParts) {}

  get state(): RelayState {
    return { phase: this.phase, position: this.position, because: this.because };
  }

  /** Events that are in the ledger and not yet in Kafka. @throws RehomeError LEDGER_UNAVAILABLE */
  async lag(): Promise<bigint> {
    const { position } = await this.parts.reader.head();
    return position - (this.position ?? 0n);
  }

  start(): void {
    this.life ??= this.live();
  }

  /** Finishes the send under way and gives the lease back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.life;
  }

  private async live(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        const lease = await this.persist(signal, this.parts.acquire);
        if (lease !== undefined) await this.lead(lease);
      } catch (error) {
        this.failed(error, 'relay gives up its lease');
      }
      this.phase = 'standby';
      await pauseFor(STANDBY_MS, signal);
    }
    this.phase = 'stopped';
  }

  private async lead(lease: LeasedCursor): Promise<void> {
    this.phase = 'publishing';
    this.position = lease.position;
    this.parts.logger.info({ position: String(lease.position), fence: lease.fence }, 'relay leads');
    try {
      await this.publishAll(lease, AbortSignal.any([this.stopping.signal, lease.lost]));
    } finally {
      await lease.release();
    }
  }

  private async publishAll(lease: LeasedCursor, signal: AbortSignal): Promise<void> {
    const { reader, wake, topics } = this.parts;
    const head = await this.persist(signal, () => reader.head());
    while (!signal.aborted && head !== undefined) {
      const events = await this.persist(signal, () => reader.read({ after: lease.position, limit: READ_LIMIT }));
      if (events === undefined) return;
      for (const batch of batchesOf(events, head.ledgerId, topics)) await this.publish(lease, batch, signal);
      if (events.length === 0) await wake.waitFor(signal, IDLE_MS, lease.position);
    }
  }

  private async publish(lease: LeasedCursor, batch: EventBatch, signal: AbortSignal): Promise<void> {
    const { sender, writer, faults, observe } = this.parts;
    const position = toPosition(batch.lastPosition);
    // The lease is checked when the connection stands, right before the bytes leave.
    const sent = await this.persist(signal, () =>
      tracedSend(batch, async () => {
        await sender.send(batch.records, () => {
          lease.check();
        });
        return true;
      }),
    );
    if (sent === undefined) return;
    observe?.(batch);
    await faults.reach('relay.sent');
    const answer = await this.persist(signal, () => writer.append({ appends: [], effects: [lease.moveTo(position)] }));
    if (answer === undefined) return;
    if (answer.outcome === 'refused' || answer.outcome === 'conflict')
      throw new RehomeError('LEASE_LOST', 'another relay moved the cursor');
    lease.position = position;
    this.position = position;
  }

  /** Tries until it succeeds, with back-off; undefined when the signal came first. @throws what no repetition cures. */
  private async persist<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        const done = await work();
        this.because = undefined;
        return done;
      } catch (error) {
        const { code, disposition } = toRehomeError(error);
        if (code === 'LEASE_LOST' || disposition !== 'retry') throw error;
        if (attempt === 1) this.failed(error, 'relay waits');
        await pauseFor(backOffMs(attempt, BACK_OFF_FIRST_MS, BACK_OFF_MOST_MS), signal);
      }
    }
    return undefined;
  }

  private failed(error: unknown, message: string): void {
    this.because = toRehomeError(error).code;
    this.parts.logger.warn({ err: error }, message);
  }
}

/** A batch holds the events of many traces: its span begins one of its own and links to theirs. */
async function tracedSend<T>({ records }: EventBatch, send: () => Promise<T>): Promise<T> {
  const links = [...new Set(records.map(({ headers }) => headers[TRACEPARENT]))].filter(
    (link) => typeof link === 'string',
  );
  if (links.length === 0) return send();
  const attributes = { 'messaging.system': 'kafka', 'messaging.operation.type': 'send' };
  const size = { 'messaging.batch.message_count': records.length };
  return traced('relay send', { kind: 'producer', links, attributes: { ...attributes, ...size } }, send);
}
