import type pg from 'pg';
import type { EventName, LedgerEvent } from '../contracts/events.js';
import { toPosition, type MigrationId, type Position, type StreamId } from '../contracts/ids.js';
import { classifyPostgresError } from '../database/postgres-errors.js';
import { RehomeError } from '../errors/rehome-error.js';
import { EVENT_COLUMNS, toLedgerEvent, type LedgerRow } from './ledger-row.js';

/** A page of the ledger. With `types` or `streamPrefix` the answer may be shorter than what was passed over. */
export interface ReadPage {
  /** Exclusive; 0 reads from the start. */
  readonly after: Position;
  readonly limit: number;
  /** Inclusive end. Read the head first and pass it here: then a filtered page says how far it looked. */
  readonly until?: Position;
  readonly types?: readonly EventName[];
  readonly streamPrefix?: string;
}

/** Where the ledger stands. */
export interface LedgerHead {
  readonly ledgerId: string;
  /** Rises when a ledger that lost its tail goes on. */
  readonly epoch: number;
  /** 0 when it is empty. */
  readonly position: Position;
  /** Lower-case hex. */
  readonly hash: string;
  /** Why no appends are taken now. */
  readonly heldBecause?: string;
}

/**
 * Reads the ledger by position in short statements. Positions become visible in order: whoever saw one has
 * seen all before it.
 *
 * @throws RehomeError LEDGER_UNAVAILABLE from every call when the ledger does not answer.
 */
export class LedgerReader {
  /** @param pool of purpose `reads`. */
  constructor(private readonly pool: pg.Pool) {}

  async read(page: ReadPage): Promise<LedgerEvent[]> {
    return this.events(
      `
      select ${EVENT_COLUMNS}
      from ledger.event
      where position > $1
        and ($2::bigint is null or position <= $2)
        and ($3::text[] is null or type = any ($3))
        and ($4::text is null or starts_with(stream_id, $4))
      order by position
      limit $5
      `,
      [page.after, page.until ?? null, page.types ?? null, page.streamPrefix ?? null, page.limit],
    );
  }

  async readStream(stream: StreamId): Promise<LedgerEvent[]> {
    return this.events(
      `
      select ${EVENT_COLUMNS}
      from ledger.event
      where stream_id = $1
      order by stream_version
      `,
      [stream],
    );
  }

  /** All events of `migration-<id>` and `step-<id>:*`, in position order. */
  async readMigration(migrationId: MigrationId): Promise<LedgerEvent[]> {
    return this.events(
      `
      select ${EVENT_COLUMNS}
      from ledger.event
      where migration_id = $1
      order by position
      `,
      [migrationId],
    );
  }

  /** The same of several by one query; one without events is absent. */
  async readMigrations(
    migrationIds: readonly MigrationId[],
  ): Promise<ReadonlyMap<MigrationId, readonly LedgerEvent[]>> {
    const rows = await this.query<LedgerRow & { readonly migration_id: MigrationId }>(
      `
      select event.migration_id, ${EVENT_COLUMNS}
      from ledger.event
      where migration_id = any ($1)
      order by position
      `,
      [migrationIds],
    );
    const histories = new Map<MigrationId, LedgerEvent[]>();
    for (const row of rows) {
      const history = histories.get(row.migration_id) ?? [];
      history.push(toLedgerEvent(row));
      histories.set(row.migration_id, history);
    }
    return histories;
  }

  /** The event of an id; undefined when the ledger holds none. */
  async find(eventId: string): Promise<LedgerEvent | undefined> {
    const [event] = await this.events(
      `
      select ${EVENT_COLUMNS}
      from ledger.event
      where event_id = $1
      `,
      [eventId],
    );
    return event;
  }

  async head(): Promise<LedgerHead> {
    const [row] = await this.query<HeadRow>(
      `
      select ledger_id, epoch, position, encode(hash, 'hex') as hash, held_because
      from ledger.head
      `,
      [],
    );
    if (row === undefined) throw new RehomeError('LEDGER_BROKEN', 'ledger.head has no row; restore the ledger');
    return {
      ledgerId: row.ledger_id,
      epoch: row.epoch,
      position: toPosition(row.position),
      hash: row.hash,
      ...(row.held_because === null ? {} : { heldBecause: row.held_because }),
    };
  }

  private async events(sql: string, values: unknown[]): Promise<LedgerEvent[]> {
    return (await this.query<LedgerRow>(sql, values)).map(toLedgerEvent);
  }

  private async query<R extends pg.QueryResultRow>(sql: string, values: unknown[]): Promise<R[]> {
    try {
      return (await this.pool.query<R>(sql, values)).rows;
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}

interface HeadRow {
  readonly ledger_id: string;
  readonly epoch: number;
  readonly position: string;
  readonly hash: string;
  readonly held_because: string | null;
}

/** A failure of a statement on the ledger database: LEDGER_UNAVAILABLE when waiting may help. */
export function ledgerFailure(error: unknown): RehomeError {
  const classified = classifyPostgresError(error);
  if (classified.code !== 'POSTGRES_UNREACHABLE' && classified.code !== 'POSTGRES_TRANSIENT') return classified;
  return new RehomeError('LEDGER_UNAVAILABLE', `the ledger does not answer: ${classified.message}`, {
    cause: error,
    ...(classified.sqlState === undefined ? {} : { sqlState: classified.sqlState }),
  });
}
