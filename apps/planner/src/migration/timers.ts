import { TERMINAL_EVENTS, type LedgerEvent, type NewEvent } from '#shared/contracts/events.js';
import { toMigrationId, toPosition, type Position } from '#shared/contracts/ids.js';
import { migrationOfStream, migrationStream } from '#shared/contracts/streams.js';
import { uuidV5 } from '#shared/contracts/uuid.js';
import type { LedgerItem } from '#shared/ledger/ledger-item.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { traceparentField } from '#shared/observability/trace-context.js';
import { isBusyTimer } from './decide-planning.js';

interface PendingTimer {
  readonly migrationId: string;
  readonly timer: string;
  readonly dueAtMs: number;
  readonly correlationId: string;
  readonly traceparent?: string;
  readonly setBy: string;
}

const PAGE = 500;
const TIMER_EVENTS = ['TimerSet', 'TimerFired', ...TERMINAL_EVENTS] as const;

/** Timers that are set and have not fired, as the ledger tells; the memory of them may be lost at any time. */
export class Timers {
  private readonly pending = new Map<string, PendingTimer>();

  /** Reads what the ledger holds up to a position. */
  async load(reader: LedgerReader, until: Position): Promise<void> {
    this.pending.clear();
    let after = toPosition(0);
    for (;;) {
      const events = await reader.read({ after, until, limit: PAGE, types: TIMER_EVENTS });
      for (const event of events) this.observe(event);
      const last = events.at(-1);
      if (last === undefined || events.length < PAGE) return;
      after = toPosition(last.position);
    }
  }

  observe(event: LedgerEvent): void {
    if (event.type === 'TimerSet') this.set(event);
    else if (event.type === 'TimerFired') this.pending.delete(keyOf(event.data));
    else if (isTerminal(event)) this.forget(event);
  }

  /** Milliseconds until the next is due, 0 when one is, undefined when none is set. */
  nextInMs(nowMs: number): number | undefined {
    const due = [...this.pending.values()].map((timer) => timer.dueAtMs);
    return due.length === 0 ? undefined : Math.max(0, Math.min(...due) - nowMs);
  }

  /** Items that let every due timer fire; appended twice they are a repeat. */
  due(nowMs: number): LedgerItem[] {
    return [...this.pending.values()].filter((timer) => timer.dueAtMs <= nowMs).map(fire);
  }

  /** Something was released: whoever waits for a busy subject looks again. */
  private wakeQueue(): void {
    for (const [key, timer] of this.pending)
      if (isBusyTimer(timer.timer)) this.pending.set(key, { ...timer, dueAtMs: 0 });
  }

  private set({ data, metadata, eventId }: Extract<LedgerEvent, { type: 'TimerSet' }>): void {
    const { migrationId, timer } = data;
    this.pending.set(keyOf(data), {
      migrationId,
      timer,
      dueAtMs: Date.parse(data.dueAt),
      correlationId: metadata.correlationId,
      ...traceparentField(metadata.traceparent),
      setBy: eventId,
    });
  }

  private forget(event: LedgerEvent): void {
    const migrationId = migrationOfStream(event.stream)?.migrationId;
    for (const [key, timer] of this.pending) if (timer.migrationId === migrationId) this.pending.delete(key);
    this.wakeQueue();
  }
}

function isTerminal(event: LedgerEvent): boolean {
  return TERMINAL_EVENTS.some((type) => type === event.type);
}

function keyOf(data: { readonly migrationId: string; readonly timer: string }): string {
  return `${data.migrationId}/${data.timer}`;
}

function fire({ migrationId, timer, correlationId, setBy, traceparent }: PendingTimer): LedgerItem {
  const event: NewEvent = {
    eventId: uuidV5(setBy, 'fired'),
    type: 'TimerFired',
    schemaVersion: 1,
    data: { migrationId, timer },
    metadata: { correlationId, causationId: setBy, actor: 'planner', ...traceparentField(traceparent) },
  };
  return {
    appends: [{ stream: migrationStream(toMigrationId(migrationId)), expected: 'any', events: [event] }],
    effects: [],
  };
}
