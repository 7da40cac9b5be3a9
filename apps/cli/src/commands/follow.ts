import type { RehomeClient } from '#client/rehome-client.js';
import { isAtRest, type MigrationView } from '#shared/contracts/answers.js';
import { setTimeout as pause } from 'node:timers/promises';
import { CliError } from '../cli-error.js';
import { EXIT, exitOfStatus, type ExitCode } from '../exit-codes.js';
import { stepsView } from '../rendering/live-steps.js';
import { nextCommand, outcomeText } from '../rendering/outcome-text.js';
import { readable } from '../rendering/readable.js';
import { flagOf, type Run } from '../run.js';

/** How often the progress of steps is looked at: on a terminal somebody sees it move. */
const LOOK_MS = { tty: 250, other: 1_000 } as const;

/**
 * Shows a migration's steps until it rests or waits for an approval. Drawing only reads: a fault in it, Ctrl-C or the
 * limit of --timeout leave the migration alone.
 */
export async function follow(run: Run, client: RehomeClient, migrationId: string): Promise<ExitCode> {
  const limit = run.timeoutMs === undefined ? undefined : AbortSignal.timeout(run.timeoutMs);
  const signal = limit === undefined ? run.interrupted : AbortSignal.any([run.interrupted, limit]);
  try {
    await run.work();
    const migration = await untilSettled(run, client, { migrationId, signal });
    if (run.json) run.out(JSON.stringify(migration));
    else run.out(`${outcomeText(readable(migration), run.screen)}\nNext:  ${nextCommand(migration)}${flagOf(run)}`);
    return exitOfStatus(migration.status);
  } catch (error) {
    if (run.interrupted.aborted) return detached(run, migrationId, EXIT.interrupted, 'interrupted');
    if (limit?.aborted === true) return detached(run, migrationId, EXIT.timeout, 'the time is up');
    throw error;
  }
}

/** What becomes of a migration that a run in process leaves behind. */
const GOES_ON_LATER = 'the migration stands still until somebody runs it again';

/** Resolves at rest, or when only a person can let it go on. */
export function isSettled({ status }: Pick<MigrationView, 'status'>): boolean {
  return isAtRest(status) || status === 'awaiting-approval';
}

export function detached(run: Run, migrationId: string, exitCode: ExitCode, why: string): ExitCode {
  const then = run.inProcess ? GOES_ON_LATER : 'the migration goes on';
  run.say(`\n${why}; ${then}\nNext:  rehome watch ${migrationId}${flagOf(run)}`);
  return exitCode;
}

async function untilSettled(
  run: Run,
  client: RehomeClient,
  { migrationId, signal }: { readonly migrationId: string; readonly signal: AbortSignal },
): Promise<MigrationView> {
  const view = stepsView(process.stderr, run.screen);
  const lookMs = run.screen.progress === 'tty' ? LOOK_MS.tty : LOOK_MS.other;
  for (;;) {
    const migration = await client.migration(migrationId, { signal });
    draw(() => {
      view.draw(readable(migration), Date.now());
    });
    if (isSettled(migration)) return migration;
    await pause(lookMs, undefined, { signal });
  }
}

function draw(show: () => void): void {
  try {
    show();
  } catch (error) {
    throw new CliError(EXIT.failed, `the progress could not be drawn (${String(error)}); the migration goes on`);
  }
}
