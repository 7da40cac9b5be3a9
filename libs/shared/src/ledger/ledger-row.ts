import type { LedgerEvent } from '../contracts/events.js';

/**
 * Columns of an event as exact text; `recorded_at` with microseconds, UTC. `event` is the table's alias.
 */
export const EVENT_COLUMNS = `
  event.position,
  event.stream_id,
  event.stream_version,
  event.event_id,
  event.type,
  event.schema_version,
  to_char(event.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at,
  event.data::text as data,
  event.metadata::text as metadata,
  encode(event.prev_hash, 'hex') as prev_hash,
  encode(event.hash, 'hex') as hash
`;

/** A row of EVENT_COLUMNS; bigint comes as text. */
export interface LedgerRow {
  readonly position: string;
  readonly stream_id: string;
  readonly stream_version: string;
  readonly event_id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly recorded_at: string;
  readonly data: string;
  readonly metadata: string;
  readonly prev_hash: string;
  readonly hash: string;
}

/** The parser: what the ledger holds was checked when it was appended. */
export function toLedgerEvent(row: LedgerRow): LedgerEvent {
  return {
    position: BigInt(row.position),
    stream: row.stream_id,
    streamVersion: Number(row.stream_version),
    eventId: row.event_id,
    type: row.type,
    schemaVersion: row.schema_version,
    recordedAt: row.recorded_at,
    data: JSON.parse(row.data) as unknown,
    metadata: JSON.parse(row.metadata) as unknown,
    dataText: row.data,
    metadataText: row.metadata,
    prevHash: row.prev_hash,
    hash: row.hash,
  } as LedgerEvent;
}
