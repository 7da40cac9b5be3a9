import type pg from 'pg';
import { errorCodeOf } from '../database/postgres-errors.js';
import { RehomeError, toRehomeError } from '../errors/rehome-error.js';
import { batchParameters, decodeAnswer, encodeItem, type AppendRow, type EncodedItem } from './append-batch.js';
import type { AppendAnswer, LedgerItem } from './ledger-item.js';
import { ledgerFailure } from './ledger-reader.js';

export interface LedgerWriterOptions {
  /** Longest time an item waits for its turn before it is refused as LEDGER_UNAVAILABLE; 10 000 when silent. */
  readonly maxWaitMs?: number;
  /** For metrics, after each flush that was answered. */
  readonly observe?: (flush: Flush) => void;
}

/** One statement that carried a batch of items. */
export interface Flush {
  readonly seconds: number;
  /** Of each item, as the ledger's function says it. */
  readonly outcomes: readonly AppendRow['outcome'][];
}

interface Waiting {
  readonly item: EncodedItem;
  readonly since: number;
  readonly resolve: (answer: AppendAnswer) => void;
  readonly reject: (error: RehomeError) => void;
}

const MAX_BATCH_ITEMS = 256;
/**
 * While PostgreSQL works on one batch, this process answers the callers of the one before and encodes the next. A third would
 * only wait for the lock on the head, in the server.
 */
const MAX_FLIGHTS = 2;
/** A statement costs PostgreSQL about as much as 15 items, whatever it carries: fewer wait for company. */
const WORTH_A_FLIGHT = 16;
/** Characters; keeps a flush of large events short, since it holds the head's lock. */
const MAX_BATCH_SIZE = 4 * 1024 * 1024;

/** Raised by ledger.append while `ledger.head.held_because` says why nothing may be appended. */
const HELD = 'RH001';

const APPEND = {
  // Named: parsed and planned once per connection.
  name: 'ledger-append',
  text: `
    select item, outcome, last_position, versions, detail
    from ledger.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  `,
};

/**
 * The only way into the ledger: gathers what callers append meanwhile and sends it as one autocommit statement, so that
 * nobody holds the head's lock across a pause of the network.
 */
export class LedgerWriter {
  private queue: Waiting[] = [];
  private readonly flights = new Set<Promise<void>>();
  private departure: NodeJS.Immediate | undefined;
  private closed = false;
  private readonly maxWaitMs: number;
  private readonly observe: LedgerWriterOptions['observe'];

  /** @param pool of purpose `appends`; the caller ends it after `close()`. */
  constructor(
    private readonly pool: pg.Pool,
    options: LedgerWriterOptions = {},
  ) {
    this.maxWaitMs = options.maxWaitMs ?? 10_000;
    this.observe = options.observe;
  }

  /**
   * Appends the item's events and applies its effects, all or nothing. Items of callers that do not wait for each other may
   * be appended in any order. Repeat one with the same event ids after LEDGER_UNAVAILABLE: it may have been done, then the
   * answer is `repeated`.
   *
   * @throws RehomeError LEDGER_UNAVAILABLE within bounded time when the ledger does not answer;
   * EVENT_INVALID when it refuses the content (size, stream of another service, id with other content).
   */
  async append(item: LedgerItem): Promise<AppendAnswer> {
    if (this.closed) throw new RehomeError('LEDGER_UNAVAILABLE', 'the ledger writer is closed');
    const encoded = encodeItem(item);
    return new Promise((resolve, reject) => {
      this.queue.push({ item: encoded, since: Date.now(), resolve, reject });
      this.departSoon();
    });
  }

  /** Refuses new items and waits until the accepted ones are answered. */
  async close(): Promise<void> {
    this.closed = true;
    this.depart();
    while (this.flights.size > 0) {
      await Promise.all(this.flights);
      this.depart();
    }
  }

  /** Callers of the same turn of the event loop share a batch. */
  private departSoon(): void {
    this.departure ??= setImmediate(() => {
      this.depart();
    });
  }

  private depart(): void {
    clearImmediate(this.departure);
    this.departure = undefined;
    this.refuseOld();
    while (this.mayDepart()) {
      const flight = this.flush(this.takeBatch()).finally(() => {
        this.flights.delete(flight);
        this.departSoon();
      });
      this.flights.add(flight);
    }
  }

  private mayDepart(): boolean {
    const [waiting, flying] = [this.queue.length, this.flights.size];
    return waiting > 0 && (flying === 0 || (flying < MAX_FLIGHTS && waiting >= WORTH_A_FLIGHT));
  }

  private refuseOld(): void {
    const oldest = Date.now() - this.maxWaitMs;
    if ((this.queue[0]?.since ?? Infinity) >= oldest) return;
    const old = this.queue.filter((waiting) => waiting.since < oldest);
    this.queue = this.queue.filter((waiting) => waiting.since >= oldest);
    const error = new RehomeError('LEDGER_UNAVAILABLE', `the ledger took nothing for ${String(this.maxWaitMs)} ms`);
    for (const waiting of old) waiting.reject(error);
  }

  /**
   * As many as fit, but half when nothing is under way and both halves are worth a flight: callers who wait for their
   * answers come back together, and would for ever come in one batch. An event id never occurs twice in a batch: its second
   * item is answered as a repeat later.
   */
  private takeBatch(): readonly Waiting[] {
    const ids = new Set<string>();
    const waiting = this.queue.length;
    const most = this.flights.size === 0 && waiting >= 2 * WORTH_A_FLIGHT ? Math.ceil(waiting / 2) : waiting;
    let size = 0;
    let count = 0;
    for (const { item } of this.queue) {
      size += item.size;
      if (count === Math.min(most, MAX_BATCH_ITEMS) || (count > 0 && size > MAX_BATCH_SIZE)) break;
      if (item.eventIds.some((id) => ids.has(id))) break;
      for (const id of item.eventIds) ids.add(id);
      count += 1;
    }
    return this.queue.splice(0, count);
  }

  private async flush(batch: readonly Waiting[]): Promise<void> {
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      // Whoever waits behind would wait for the same time-out again: all fail fast.
      this.rejectAll([...batch, ...this.queue.splice(0)], unavailable(error));
      return;
    }
    const sentAt = performance.now();
    try {
      const { rows } = await client.query<AppendRow>({
        ...APPEND,
        values: batchParameters(batch.map((waiting) => waiting.item)),
      });
      client.release();
      this.observe?.({ seconds: (performance.now() - sentAt) / 1_000, outcomes: rows.map(({ outcome }) => outcome) });
      answerAll(batch, rows);
    } catch (error) {
      // After a time-out the connection may still be busy with the statement: never reuse it.
      client.release(true);
      this.rejectAll(batch, unavailable(error));
    }
  }

  private rejectAll(batch: readonly Waiting[], error: RehomeError): void {
    for (const waiting of batch) waiting.reject(error);
  }
}

function answerAll(batch: readonly Waiting[], rows: readonly AppendRow[]): void {
  const byItem = new Map(rows.map((row) => [row.item, row]));
  batch.forEach((waiting, index) => {
    const row = byItem.get(index + 1);
    try {
      if (row === undefined) throw new RehomeError('INTERNAL', 'the ledger gave no answer for an item');
      waiting.resolve(decodeAnswer(waiting.item, row));
    } catch (error) {
      waiting.reject(toRehomeError(error));
    }
  });
}

/** What fails for want of a server is LEDGER_UNAVAILABLE; a wrong password or a missing function is itself. */
function unavailable(error: unknown): RehomeError {
  if (errorCodeOf(error) !== HELD) return ledgerFailure(error);
  return new RehomeError('LEDGER_UNAVAILABLE', error instanceof Error ? error.message : 'appends are held', {
    cause: error,
  });
}
