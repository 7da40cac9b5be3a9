import type { IncomingRecord } from './kafka-record.js';

/** `again`: not done; it and what comes after it must be read again. */
export type RecordOutcome = 'done' | 'again';

/**
 * Works through the records of one partition: those of one key one after the other, those of different keys
 * at the same time, at most `limit` of them, so that their appends share a flush. A record without a key has
 * a lane of its own. Once a record answers `again`, no further one is begun.
 *
 * @returns the first offset that is not done: every record below it is.
 */
export async function workInLanes(
  records: readonly IncomingRecord[],
  limit: number,
  work: (record: IncomingRecord) => Promise<RecordOutcome>,
): Promise<bigint> {
  const lanes = lanesOf(records);
  const undone = new Set(records.map(({ offset }) => offset));
  let stopped = false;
  const workers = Array.from({ length: Math.min(limit, lanes.length) }, async () => {
    for (let lane = lanes.shift(); lane !== undefined; lane = lanes.shift()) {
      for (const record of lane) {
        if (stopped) return;
        if ((await work(record)) === 'done') undone.delete(record.offset);
        else stopped = true;
      }
    }
  });
  await Promise.all(workers);
  return firstUndone(records, undone);
}

function lanesOf(records: readonly IncomingRecord[]): IncomingRecord[][] {
  const lanes = new Map<string, IncomingRecord[]>();
  for (const record of records) {
    // No key hashes to a text that holds a colon first: hex has none.
    const lane = record.key?.toString('hex') ?? `:${String(record.offset)}`;
    const queue = lanes.get(lane);
    if (queue === undefined) lanes.set(lane, [record]);
    else queue.push(record);
  }
  return [...lanes.values()];
}

function firstUndone(records: readonly IncomingRecord[], undone: ReadonlySet<bigint>): bigint {
  let next = 0n;
  for (const { offset } of records) {
    if (undone.has(offset)) return offset;
    next = offset + 1n;
  }
  return next;
}
