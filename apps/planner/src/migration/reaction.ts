import type { EventName, LedgerEvent } from '#shared/contracts/events.js';
import type { MigrationId } from '#shared/contracts/ids.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerEffect } from '#shared/ledger/ledger-effect.js';
import type { AppendAnswer } from '#shared/ledger/ledger-item.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { activeTraceparent, traced } from '#shared/observability/tracing.js';
import { decide } from './decide.js';
import { decideBusy } from './decide-planning.js';
import { event, type Decision } from './decision.js';
import { toLedgerItem } from './decision-item.js';
import { foldMigration } from './evolve.js';
import type { KnownState } from './migration-state.js';

export interface Ledger {
  readonly reader: Pick<LedgerReader, 'readMigration'>;
  readonly writer: Pick<LedgerWriter, 'append'>;
  /** Reads anew what a migration that waited compiles from. */
  readonly refresh: (state: KnownState) => Promise<Decision>;
}

/** A migration's events in order, as they were read. */
export interface History {
  readonly migrationId: MigrationId;
  readonly events: readonly LedgerEvent[];
}

/** What a reaction came to. */
export interface Reaction {
  readonly appended: readonly EventName[];
  /** Of the span in which it was decided. */
  readonly traceparent?: string | undefined;
}

/** What a reaction answers to. */
export interface Cause {
  /** Done together with what is decided. */
  readonly effect: LedgerEffect;
  /** The same right without a step forward: for what is done before anything is decided. */
  readonly hold: LedgerEffect;
  /** Of the event that brought it about: linked, because the decision belongs to the trace of the request. */
  readonly traceparent?: string | undefined;
}

/** After so many conflicts in a row something else is wrong. */
const MAX_CONFLICTS = 50;

const NOTHING_APPENDED: Reaction = { appended: [] };

/**
 * Folds a migration, decides and appends, together with the effect of its cause. A conflict means that somebody else wrote
 * meanwhile: everything is loaded and decided anew.
 *
 * @throws RehomeError LEASE_LOST when the cursor has another owner, LEDGER_UNAVAILABLE.
 */
export async function react(ledger: Ledger, history: History, cause: Cause): Promise<Reaction> {
  const { migrationId } = history;
  let { events } = history;
  let busy: Busy | undefined;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    if (conflicts > 0) events = await ledger.reader.readMigration(migrationId);
    const state = foldMigration(events);
    if (state.status === 'unknown') return NOTHING_APPENDED;
    const wanted = busy === undefined ? decideSafely(state) : decideBusy(state, busy);
    const decision = wanted.refresh === true ? await refreshed(ledger, state, cause) : wanted;
    if (decision.events.length === 0) return NOTHING_APPENDED;
    const { answer, traceparent } = await appendTraced(ledger, state, decision, cause);
    if (answer.outcome === 'appended' || answer.outcome === 'repeated')
      return { appended: decision.events.map(({ type }) => type), traceparent };
    busy = answer.outcome === 'refused' ? readRefusal(answer) : undefined;
  }
  throw new RehomeError('LEDGER_CONFLICT', `migration ${migrationId} changed ${String(MAX_CONFLICTS)} times meanwhile`);
}

/**
 * The subject first: only what nobody else works on any more can be read for good. A crash in between leaves it held by
 * a migration that is not over, which takes it again.
 */
async function refreshed({ writer, refresh }: Ledger, state: KnownState, { hold }: Cause): Promise<Decision> {
  const { migrationId, subject } = state.request;
  const reserve: LedgerEffect = { effect: 'reserve', migrationId, subjects: [subject] };
  const answer = await writer.append({ appends: [], effects: [reserve, hold] });
  return answer.outcome === 'refused' ? decideBusy(state, readRefusal(answer)) : refresh(state);
}

interface Busy {
  readonly subject: string;
  readonly holder: string;
}

function readRefusal({ effect, reason, detail }: Extract<AppendAnswer, { outcome: 'refused' }>): Busy {
  if (effect === 'reserve' && reason === 'busy')
    return { subject: textOf(detail, 'subject'), holder: textOf(detail, 'holder') };
  throw new RehomeError('LEASE_LOST', `the ledger refused the effect ${effect}: ${reason}`);
}

function textOf(detail: JsonObject, name: string): string {
  const value = detail[name];
  return typeof value === 'string' ? value : 'unknown';
}

/** A fault of ours in one migration halts that one; the others go on. */
function decideSafely(state: KnownState): Decision {
  try {
    return decide(state);
  } catch (error) {
    return haltFor(state, error);
  }
}

function appendTraced(
  ledger: Ledger,
  state: KnownState,
  decision: Decision,
  { effect, traceparent }: Cause,
): Promise<{ answer: AppendAnswer; traceparent: string | undefined }> {
  const { migrationId, traceparent: parent } = state.request;
  const attributes = {
    'rehome.migration_id': migrationId,
    'rehome.position': String(state.position),
    'rehome.decided': decision.events.map(({ type }) => type),
  };
  return traced('decide', { parent, links: [traceparent], attributes }, async (span) => {
    const answer = await appendSafely(ledger, state, decision, effect);
    span.set({ 'rehome.outcome': answer.outcome });
    return { answer, traceparent: activeTraceparent() ?? parent };
  });
}

async function appendSafely(
  { writer }: Ledger,
  state: KnownState,
  decision: Decision,
  effect: LedgerEffect,
): Promise<AppendAnswer> {
  try {
    return await writer.append(toLedgerItem(state, decision, [effect]));
  } catch (error) {
    if (toRehomeError(error).code !== 'EVENT_INVALID') throw error;
    return writer.append(toLedgerItem(state, haltFor(state, error), [effect]));
  }
}

function haltFor(state: KnownState, error: unknown): Decision {
  const because = toRehomeError(error).toFailure();
  return { events: [event('MigrationHalted', { migrationId: state.request.migrationId, at: 'planner', because })] };
}
