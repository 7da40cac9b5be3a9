import { RESTART_MS, type Patience } from '#client/http-calls.js';
import type { RehomeClient } from '#client/rehome-client.js';
import type { MigrationView } from '#shared/contracts/answers.js';
import { setTimeout as pause } from 'node:timers/promises';
import { CliError } from '../cli-error.js';
import { EXIT, exitOfStatus, type ExitCode } from '../exit-codes.js';
import { stepsView, type StepsView } from '../rendering/live-steps.js';
import { nextCommand, outcomeText } from '../rendering/outcome-text.js';
import { readable } from '../rendering/readable.js';
import type { Run } from '../run.js';
import { isSettled, streamEvents } from './stream-events.js';
import { aMigration, waitFor } from './wait-for.js';

/** How often the progress of steps is looked at: on a terminal somebody sees it move. */
const LOOK_MS = { tty: 250, other: 1_000 } as const;

/**
 * Shows a migration's steps until it rests or waits for an approval. Drawing only reads: a fault in it, Ctrl-C, the
 * limit of --timeout or a planner that stays away leave the migration alone.
 */
export async function follow(run: Run, client: RehomeClient, migrationId: string): Promise<ExitCode> {
  if (run.screen.progress === 'json') return streamEvents(run, client, { migrationId, after: undefined });
  const migration = await waitFor(run, aMigration(run, migrationId), async (signal) => {
    await run.work();
    return untilSettled(run, client, { migrationId, signal });
  });
  if (run.json) run.out(JSON.stringify(migration));
  else run.out(`${outcomeText(readable(migration), run.screen)}\nNext:  ${nextCommand(migration, run.screen)}`);
  return exitOfStatus(migration.status);
}

async function untilSettled(
  run: Run,
  client: RehomeClient,
  { migrationId, signal }: { readonly migrationId: string; readonly signal: AbortSignal },
): Promise<MigrationView> {
  const view = stepsView(process.stderr, run.screen);
  const lookMs = run.screen.progress === 'tty' ? LOOK_MS.tty : LOOK_MS.other;
  const patience = { ms: RESTART_MS, onAway: tellOnceIn(view) };
  let isPaused = false;
  for (;;) {
    const migration = await client.migration(migrationId, { signal, patience });
    draw(() => {
      view.draw(readable(migration), Date.now());
      // Nothing else ends the pause.
      if (migration.status === 'paused' && !isPaused)
        view.tell(`Next:  ${nextCommand(migration, run.screen)}`, Date.now());
    });
    isPaused = migration.status === 'paused';
    if (isSettled(migration)) return migration;
    await pause(lookMs, undefined, { signal });
  }
}

/** Of an outage a person hears once, not with every try. */
function tellOnceIn(view: StepsView): NonNullable<Patience['onAway']> {
  let toldAt = -RESTART_MS;
  return ({ message }) => {
    const now = performance.now();
    if (now - toldAt < RESTART_MS) return;
    toldAt = now;
    view.tell(readable(`${message}; trying again`), Date.now());
  };
}

function draw(show: () => void): void {
  try {
    show();
  } catch (error) {
    throw new CliError(EXIT.failed, `the progress could not be drawn (${String(error)}); the migration goes on`);
  }
}
