import type { EventAnswer } from '#shared/contracts/answers.js';
import { TERMINAL_EVENTS } from '#shared/contracts/events.js';
import { RESTART_MS, type HttpCalls } from './http-calls.js';
import { PlannerError } from './planner-error.js';
import { textLines } from './text-lines.js';

export interface FollowOptions {
  /** Goes on behind this position; from the first event when absent. */
  readonly after?: string;
  readonly signal?: AbortSignal;
  /** How long the planner may be away before the stream fails; 60 000 when absent. */
  readonly patienceMs?: number;
}

/** Three beats of the planner: silence for longer means that the connection is dead. */
const SILENCE_MS = 30_000;
const PAUSE_MS = 500;
const TERMINAL: ReadonlySet<string> = new Set(TERMINAL_EVENTS);

/**
 * The events of a migration as they happen, each once and in order, until it is over. A broken connection is made
 * again behind the last event (`Last-Event-ID`).
 *
 * @throws PlannerError NOT_FOUND and the like at once; UNREACHABLE when the planner stays away.
 */
export async function* followEvents(
  calls: HttpCalls,
  migrationId: string,
  { after, signal, patienceMs = RESTART_MS }: FollowOptions = {},
): AsyncGenerator<EventAnswer> {
  let position = after ?? '0';
  let seenAt = performance.now();
  for (;;) {
    try {
      for await (const event of oneConnection(calls, migrationId, position, signal)) {
        if (event === 'beat') seenAt = performance.now();
        else if (event === 'over') return;
        else {
          [position, seenAt] = [event.position, performance.now()];
          yield event;
          if (TERMINAL.has(event.type)) return;
        }
      }
    } catch (error) {
      if (signal?.aborted === true) throw error;
      const lost = !(error instanceof PlannerError) || error.isTransient;
      if (!lost || performance.now() - seenAt > patienceMs) throw error;
    }
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function* oneConnection(
  calls: HttpCalls,
  migrationId: string,
  position: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventAnswer | 'beat' | 'over'> {
  const silence = new AbortController();
  const watch = setTimeout(() => {
    silence.abort(new Error('the planner fell silent'));
  }, SILENCE_MS);
  const signals = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  try {
    const answer = await calls.stream({
      method: 'GET',
      path: `/v1/migrations/${encodeURIComponent(migrationId)}/events`,
      accept: 'text/event-stream',
      headers: { 'last-event-id': position },
      repeatable: false,
      signal: signals,
    });
    if (answer.status === 204 || answer.body === null) {
      yield 'over';
      return;
    }
    for await (const line of textLines(answer.body)) {
      watch.refresh();
      // One line of data per event; `id` and `event` repeat what stands in it.
      if (line.startsWith('data: ')) yield JSON.parse(line.slice('data: '.length)) as EventAnswer;
      else if (line.startsWith(':')) yield 'beat';
    }
  } finally {
    clearTimeout(watch);
  }
}
