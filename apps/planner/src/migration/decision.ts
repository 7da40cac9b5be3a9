import type { EventName, EventTypes, Failure } from '#shared/contracts/events.js';
import type { StreamId } from '#shared/contracts/ids.js';

/** An event that was decided but has no id yet. */
export type Draft = { [N in EventName]: DraftOf<N> }[EventName];

export interface DraftOf<N extends EventName> {
  readonly type: N;
  readonly data: EventTypes[N];
  /** The migration's own stream when silent. */
  readonly stream?: StreamId;
}

/** What happens next: events and the reservations that come or go with them, all or nothing. */
export interface Decision {
  readonly events: readonly Draft[];
  /** Subjects to hold; another holder makes the whole decision void. */
  readonly reserve?: readonly string[];
  readonly release?: boolean;
  /** Before anything else the subject must be held and the registry read anew. */
  readonly refresh?: true;
}

export const NOTHING: Decision = { events: [] };

export function event<N extends EventName>(type: N, data: EventTypes[N], stream?: StreamId): DraftOf<N> {
  return { type, data, ...(stream === undefined ? {} : { stream }) };
}

export function failure(code: Failure['code'], detail: string, facts?: Failure['facts']): Failure {
  return { code, detail, ...(facts === undefined ? {} : { facts }) };
}
