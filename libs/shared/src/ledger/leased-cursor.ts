import type pg from 'pg';
import { toPosition, type Position } from '../contracts/ids.js';
import { RehomeError } from '../errors/rehome-error.js';
import type { CursorEffect } from './ledger-effect.js';
import { ledgerFailure } from './ledger-reader.js';

export interface CursorClaim {
  readonly name: string;
  /** Unique per process. */
  readonly owner: string;
  readonly ttlMs: number;
}

interface CursorRow {
  readonly fence: string;
  readonly position: string;
}

/** Part of the ttl in which an owner no longer acts, for clocks and pauses: `lost` comes this much before the end. */
const MARGIN = 0.2;

/**
 * The right to be the one reader of a name, for a time, and the position that reader has durably reached.
 * The lease renews itself; whoever acts on it watches `lost` or calls `check()` right before each effect.
 * The position moves only by `moveTo()` inside a ledger item, where the fence is compared.
 */
export class LeasedCursor {
  /** Where the reader goes on; the caller sets it after a `moveTo` was appended. */
  position: Position;
  readonly fence: number;
  private readonly abort = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private validUntil: number;
  private renewing: Promise<void> | undefined;

  private constructor(
    private readonly pool: pg.Pool,
    private readonly claim: CursorClaim,
    row: CursorRow,
    sentAt: number,
  ) {
    this.position = toPosition(row.position);
    this.fence = Number(row.fence);
    this.validUntil = sentAt + claim.ttlMs * (1 - MARGIN);
    this.timer = setInterval(() => {
      this.beat();
    }, claim.ttlMs / 6);
    this.timer.unref();
  }

  /**
   * Takes the lease when nobody holds it; undefined while another owner does. Every taking raises the fence,
   * also by the same owner, so that its own earlier life is fenced off.
   *
   * @param pool of purpose `leases`.
   * @throws RehomeError LEDGER_UNAVAILABLE when the ledger does not answer.
   */
  static async acquire(pool: pg.Pool, claim: CursorClaim): Promise<LeasedCursor | undefined> {
    const sentAt = performance.now();
    const [row] = await query<CursorRow>(
      pool,
      `
      insert into ledger.cursor (name, owner, fence, lease_until)
      values ($1, $2, 1, clock_timestamp() + $3 * interval '1 ms')
      on conflict (name) do update
      set owner = excluded.owner, fence = cursor.fence + 1, lease_until = excluded.lease_until
      where cursor.lease_until < clock_timestamp() or cursor.owner = excluded.owner
      returning fence, position
      `,
      [claim.name, claim.owner, claim.ttlMs],
    );
    return row === undefined ? undefined : new LeasedCursor(pool, claim, row, sentAt);
  }

  /** Aborted when the lease ends, before another may take it. */
  get lost(): AbortSignal {
    return this.abort.signal;
  }

  /** @throws RehomeError LEASE_LOST when the lease is over or too near its end to act on. */
  check(): void {
    if (performance.now() >= this.validUntil) this.lose();
    if (this.lost.aborted) throw new RehomeError('LEASE_LOST', `the cursor "${this.claim.name}" has another owner`);
  }

  /**
   * Extends the lease. Counted from when it was sent: an answer that comes late is no longer lease.
   *
   * @throws RehomeError LEASE_LOST when another owner took it, LEDGER_UNAVAILABLE when nobody answers (the
   * lease then runs on to its end).
   */
  async renew(): Promise<void> {
    this.check();
    const sentAt = performance.now();
    const rows = await query(
      this.pool,
      `
      update ledger.cursor
      set lease_until = clock_timestamp() + $4 * interval '1 ms'
      where name = $1 and owner = $2 and fence = $3
      returning fence
      `,
      [this.claim.name, this.claim.owner, this.fence, this.claim.ttlMs],
    );
    if (rows.length === 0) this.lose();
    else this.validUntil = sentAt + this.claim.ttlMs * (1 - MARGIN);
    this.check();
  }

  /** The effect that moves the cursor; refused `stale-fence` when another owner took it. */
  moveTo(position: Position): CursorEffect {
    const { name, owner } = this.claim;
    return { effect: 'cursor', name, owner, fence: this.fence, position: String(position) };
  }

  /** Gives the lease back, so that another takes over at once. */
  async release(): Promise<void> {
    const held = !this.lost.aborted;
    this.lose();
    await this.renewing;
    if (!held) return;
    await query(
      this.pool,
      `
      update ledger.cursor
      set lease_until = clock_timestamp() - interval '1 ms'
      where name = $1 and owner = $2 and fence = $3
      `,
      [this.claim.name, this.claim.owner, this.fence],
    );
  }

  private beat(): void {
    if (performance.now() >= this.validUntil) {
      this.lose();
      return;
    }
    this.renewing ??= this.renew()
      .catch(() => undefined) // unavailable: the next beat tries again; lost: `lost` says so
      .finally(() => {
        this.renewing = undefined;
      });
  }

  private lose(): void {
    clearInterval(this.timer);
    this.abort.abort();
  }
}

async function query<R extends pg.QueryResultRow>(pool: pg.Pool, sql: string, values: unknown[]): Promise<R[]> {
  try {
    return (await pool.query<R>(sql, values)).rows;
  } catch (error) {
    throw ledgerFailure(error);
  }
}
