import { describe, expect, it } from '@jest/globals';
import { PlannerError } from '#client/planner-error.js';
import { createRun } from '../create-run.js';
import { EXIT } from '../exit-codes.js';
import { aMigration, waitFor } from './wait-for.js';

const never = new AbortController().signal;

/** How a wait ends that fails with the error, or when the signal of the wait ends it. */
async function ended(
  flags: Readonly<Record<string, string>>,
  wait: (signal: AbortSignal) => Promise<void>,
  signal = never,
) {
  const run = await createRun(flags, {}, signal);
  return waitFor(run, aMigration(run, '0193'), wait).catch((error: unknown) => error);
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')));
  });
const failing = (status: number) => () =>
  Promise.reject(new PlannerError({ code: 'LEDGER_UNAVAILABLE', status, detail: 'nobody answers' }));

describe('who waits for a migration', () => {
  it('detaches with 7 from a planner that stays away, and says how to see it again', async () => {
    expect(await ended({}, failing(503))).toMatchObject({
      exitCode: EXIT.unreachable,
      message: 'nobody answers; the migration goes on',
      next: 'rehome watch 0193',
    });
    expect(await ended({}, failing(404))).toBeInstanceOf(PlannerError);
  });

  it('is let go by --timeout, whatever fraction of a second it is, and by Ctrl-C', async () => {
    expect(await ended({ timeout: '0.0161' }, untilAborted)).toMatchObject({ exitCode: EXIT.timeout });
    const gone = AbortSignal.abort();
    expect(await ended({}, () => Promise.reject(new Error('x')), gone)).toMatchObject({ exitCode: EXIT.interrupted });
  });
});
