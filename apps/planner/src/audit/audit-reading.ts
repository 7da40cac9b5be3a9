import type { EventName, LedgerEvent } from '#shared/contracts/events.js';
import { toPosition, type Position } from '#shared/contracts/ids.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';

/** Events per statement: short transactions, and what one page holds is what a slow client makes us keep. */
const PAGE = 200;

export interface EventFilter {
  /** Inclusive. */
  readonly from: Position;
  readonly until: Position;
  readonly types?: readonly EventName[];
  /** A stream, or all streams that begin with what stands before the final `*`. */
  readonly stream?: string;
}

/** The ledger in position order, page by page; the next page is read when the last was taken. */
export async function* readEvents(reader: LedgerReader, filter: EventFilter): AsyncGenerator<LedgerEvent[]> {
  const { until, types, stream } = filter;
  const streamPrefix = stream?.endsWith('*') === true ? stream.slice(0, -1) : stream;
  let after = toPosition(filter.from > 0n ? filter.from - 1n : 0n);
  for (;;) {
    const events = await reader.read({
      after,
      until,
      limit: PAGE,
      ...(types === undefined ? {} : { types }),
      ...(streamPrefix === undefined ? {} : { streamPrefix }),
    });
    const wanted =
      streamPrefix === stream ? events.filter((event) => stream === undefined || event.stream === stream) : events;
    if (wanted.length > 0) yield wanted;
    const last = events.at(-1);
    if (last === undefined || events.length < PAGE) return;
    after = toPosition(last.position);
  }
}

/**
 * First position recorded at or after a time in microseconds, one past the head when there is none. `recorded_at`
 * never goes back, so halving finds it in as many single reads as the head's position has bits.
 */
export async function firstPositionAt(reader: LedgerReader, time: bigint, head: Position): Promise<Position> {
  let [low, high] = [1n, head + 1n];
  while (low < high) {
    const middle = (low + high) / 2n;
    const [event] = await reader.read({ after: toPosition(middle - 1n), until: toPosition(middle), limit: 1 });
    if (event === undefined || microseconds(event.recordedAt) >= time) high = middle;
    else low = middle + 1n;
  }
  return toPosition(low);
}

/** Times as the ledger keeps them; `Date` alone would cut to milliseconds. */
export function microseconds(time: string): bigint {
  const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? '';
  const whole = Date.parse(time.replace(/\.\d+/, ''));
  return BigInt(whole) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}
