import type { NewEvent } from '../contracts/events.js';
import type { Position, StreamId } from '../contracts/ids.js';
import type { JsonObject } from '../contracts/json.js';
import type { LedgerEffect } from './ledger-effect.js';

/** Events for one stream. */
export interface StreamAppend {
  readonly stream: StreamId;
  /** Version of the stream's last event, 0 when it has none; `any` asks for no check. */
  readonly expected: number | 'any';
  readonly events: readonly NewEvent[];
}

/** What happens together or not at all. Each stream at most once. */
export interface LedgerItem {
  readonly appends: readonly StreamAppend[];
  readonly effects: readonly LedgerEffect[];
}

/**
 * `appended`: position of the item's last event (of the ledger's last when it has none), and each stream's
 * new version. `repeated`: all of its events were in the ledger already, at this position; its effects were
 * not applied again. `conflict`: load the stream and decide again. `refused`: an effect said no, nothing was done.
 */
export type AppendAnswer =
  | { readonly outcome: 'appended'; readonly position: Position; readonly versions: Readonly<Record<string, number>> }
  | { readonly outcome: 'repeated'; readonly position: Position }
  | { readonly outcome: 'conflict'; readonly stream: StreamId; readonly expected: number; readonly actual: number }
  | {
      readonly outcome: 'refused';
      readonly effect: LedgerEffect['effect'];
      readonly reason: string;
      readonly detail: JsonObject;
    };
