import { toPosition, type StreamId } from '../contracts/ids.js';
import type { JsonObject } from '../contracts/json.js';
import { RehomeError } from '../errors/rehome-error.js';
import type { LedgerEffect } from './ledger-effect.js';
import type { AppendAnswer, LedgerItem } from './ledger-item.js';

/** An item whose events are texts already: what the caller gave cannot change while it waits. */
export interface EncodedItem {
  readonly appends: readonly EncodedAppend[];
  readonly effects: readonly string[];
  readonly eventIds: readonly string[];
  /** Characters of all texts: a measure for the size of a batch. */
  readonly size: number;
}

interface EncodedAppend {
  readonly stream: StreamId;
  readonly expected: number | null;
  readonly events: readonly EncodedEvent[];
}

interface EncodedEvent {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly metadata: string;
}

/** @throws RehomeError EVENT_INVALID when a stream or an event id occurs twice in the item. */
export function encodeItem(item: LedgerItem): EncodedItem {
  const appends = item.appends.map((append) => ({
    stream: append.stream,
    expected: append.expected === 'any' ? null : append.expected,
    events: append.events.map((event) => ({
      eventId: event.eventId.toLowerCase(),
      type: event.type,
      schemaVersion: event.schemaVersion,
      data: JSON.stringify(event.data),
      metadata: JSON.stringify(event.metadata),
    })),
  }));
  const effects = item.effects.map((effect) => JSON.stringify(effect));
  const events = appends.flatMap((append) => append.events);
  const eventIds = events.map((event) => event.eventId);
  refuseTwice(
    'stream',
    appends.map((append) => append.stream),
  );
  refuseTwice('event', eventIds);
  const texts = [...events.flatMap((event) => [event.data, event.metadata]), ...effects];
  return { appends, effects, eventIds, size: texts.reduce((sum, text) => sum + text.length, 0) };
}

function refuseTwice(what: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RehomeError('EVENT_INVALID', `${what} ${twice} occurs twice in one ledger item`);
}

/** Parameters of `ledger.append`, in the order of its signature; indexes count from 1 as in SQL. */
export function batchParameters(items: readonly EncodedItem[]): unknown[] {
  const streams = new Map<string, number>();
  const append = { item: [] as number[], stream: [] as number[], expected: [] as (number | null)[] };
  const event = {
    append: [] as number[],
    id: [] as string[],
    type: [] as string[],
    version: [] as number[],
    data: [] as string[],
    metadata: [] as string[],
  };
  const effect = { item: [] as number[], text: [] as string[] };
  items.forEach((item, index) => {
    for (const { stream, expected, events } of item.appends) {
      if (!streams.has(stream)) streams.set(stream, streams.size + 1);
      append.item.push(index + 1);
      append.stream.push(streams.get(stream) ?? 0);
      append.expected.push(expected);
      for (const one of events) {
        event.append.push(append.item.length);
        event.id.push(one.eventId);
        event.type.push(one.type);
        event.version.push(one.schemaVersion);
        event.data.push(one.data);
        event.metadata.push(one.metadata);
      }
    }
    for (const text of item.effects) {
      effect.item.push(index + 1);
      effect.text.push(text);
    }
  });
  return [
    items.length,
    [...streams.keys()],
    append.item,
    append.stream,
    append.expected,
    event.append,
    event.id,
    event.type,
    event.version,
    event.data,
    event.metadata,
    effect.item,
    effect.text,
  ];
}

/** A row of the answer of `ledger.append`; bigint comes as text. */
export interface AppendRow {
  readonly item: number;
  readonly outcome: string;
  readonly last_position: string | null;
  readonly versions: readonly string[] | null;
  readonly detail: AppendDetail | null;
}

/** What `ledger.append` says beside the outcome; which fields depends on it. */
interface AppendDetail {
  readonly stream?: StreamId;
  readonly expected?: number;
  readonly actual?: number;
  readonly effect?: LedgerEffect['effect'];
  readonly reason?: string;
  readonly detail?: JsonObject;
  readonly because?: string;
}

/** @throws RehomeError EVENT_INVALID when the ledger did not accept the item's content. */
export function decodeAnswer(item: EncodedItem, row: AppendRow): AppendAnswer {
  const { stream, expected = 0, actual = 0, effect, reason = '', detail = {}, because } = row.detail ?? {};
  const position = toPosition(row.last_position ?? 0);
  if (row.outcome === 'appended') return { outcome: 'appended', position, versions: versionsOf(item, row) };
  if (row.outcome === 'repeated') return { outcome: 'repeated', position };
  if (row.outcome === 'conflict' && stream !== undefined) return { outcome: 'conflict', stream, expected, actual };
  if (row.outcome === 'refused' && effect !== undefined) return { outcome: 'refused', effect, reason, detail };
  throw new RehomeError('EVENT_INVALID', because ?? `the ledger answered "${row.outcome}"`, {
    facts: { streams: item.appends.map((append) => append.stream) },
  });
}

function versionsOf(item: EncodedItem, row: AppendRow): Readonly<Record<string, number>> {
  return Object.fromEntries(item.appends.map((append, index) => [append.stream, Number(row.versions?.[index])]));
}
