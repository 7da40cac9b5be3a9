import type { NewEvent } from '#shared/contracts/events.js';
import { toMigrationId, type StreamId } from '#shared/contracts/ids.js';
import { migrationStream } from '#shared/contracts/streams.js';
import { uuidV5 } from '#shared/contracts/uuid.js';
import type { LedgerEffect } from '#shared/ledger/ledger-effect.js';
import type { LedgerItem, StreamAppend } from '#shared/ledger/ledger-item.js';
import { traceparentField } from '#shared/observability/trace-context.js';
import { activeTraceparent } from '#shared/observability/tracing.js';
import type { Decision, Draft } from './decision.js';
import type { KnownState } from './migration-state.js';

/**
 * A decision as one item of the ledger. Event ids derive from the position of the newest event that was folded and
 * the ordinal within the decision: the same history gives the same ids, so a repeated decision is a repeat and
 * two deciders can never append different things under one id.
 */
export function toLedgerItem(state: KnownState, decision: Decision, effects: readonly LedgerEffect[]): LedgerItem {
  const { migrationId } = state.request;
  const own = migrationStream(toMigrationId(migrationId));
  const byStream = new Map<StreamId, NewEvent[]>();
  decision.events.forEach((draft, ordinal) => {
    const stream = draft.stream ?? own;
    byStream.set(stream, [...(byStream.get(stream) ?? []), newEvent(state, draft, ordinal)]);
  });
  const appends = [...byStream].map(([stream, events]): StreamAppend => {
    return { stream, expected: stream === own ? state.version : 'any', events };
  });
  return { appends, effects: [...reservations(migrationId, decision), ...effects] };
}

function reservations(migrationId: string, { reserve, release }: Decision): LedgerEffect[] {
  if (release === true) return [{ effect: 'release', migrationId }];
  return reserve === undefined ? [] : [{ effect: 'reserve', migrationId, subjects: reserve }];
}

function newEvent(state: KnownState, draft: Draft, ordinal: number): NewEvent {
  const { migrationId, correlationId, traceparent } = state.request;
  const { type, data } = draft;
  return {
    eventId: uuidV5(migrationId, `${String(state.position)}/${String(ordinal)}`),
    type,
    schemaVersion: 1,
    data,
    metadata: {
      correlationId,
      causationId: state.lastEventId,
      actor: 'planner',
      ...traceparentField(activeTraceparent() ?? traceparent),
    },
  } as NewEvent;
}
