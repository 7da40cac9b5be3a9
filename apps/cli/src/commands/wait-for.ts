import { PlannerError } from '#client/planner-error.js';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import type { Run } from '../run.js';

/** What a command waits for, and what becomes of it when nobody waits any more. */
export interface Awaited {
  /** `the migration goes on` */
  readonly then: string;
  /** The command that finds it again. */
  readonly next: string;
  /** False as long as nobody knows whether the planner has it. */
  readonly taken: boolean;
}

/** Says what is waited for, unless only programs listen. */
export function sayWaiting(run: Run, text: string): void {
  const { progress } = run.screen;
  if (!run.json && (progress === 'tty' || progress === 'plain')) run.say(text);
}

/** A migration: in services it goes on by itself, in process it needs somebody. */
export function aMigration(run: Run, migrationId: string): Awaited {
  const then = run.inProcess ? 'the migration stands still until somebody runs it again' : 'the migration goes on';
  return { then, next: `rehome watch ${migrationId}${run.screen.again}`, taken: true };
}

/**
 * Waits until it is over, or as long as the person or --timeout lets it.
 *
 * @throws CliError that says what becomes of it and how to see it again, when Ctrl-C (130), --timeout (124) or a planner
 * that stays away (7) ends the wait
 */
export async function waitFor<T>(run: Run, awaited: Awaited, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = run.timeoutMs === undefined ? undefined : AbortSignal.timeout(run.timeoutMs);
  try {
    return await wait(limit === undefined ? run.interrupted : AbortSignal.any([run.interrupted, limit]));
  } catch (error) {
    const left = (why: string) => `${why}; ${awaited.then}`;
    if (run.interrupted.aborted) throw new CliError(EXIT.interrupted, left('interrupted'), awaited.next);
    if (limit?.aborted === true) throw new CliError(EXIT.timeout, left('the time is up'), awaited.next);
    if (error instanceof PlannerError && error.isTransient && awaited.taken)
      throw new CliError(EXIT.unreachable, left(error.message), awaited.next);
    throw error;
  }
}
