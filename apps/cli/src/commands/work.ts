import { setTimeout as pause } from 'node:timers/promises';
import type { RehomeClient } from '#client/rehome-client.js';
import type { MigrationSummaryAnswer } from '#shared/contracts/answers.js';
import { CliError } from '../cli-error.js';
import { EXIT, exitOfStatus, type ExitCode } from '../exit-codes.js';
import { readable } from '../rendering/readable.js';
import type { Screen } from '../rendering/screen.js';
import type { Run } from '../run.js';

/** Statuses in which something happens by itself. */
const PENDING = ['requested', 'scheduled', 'inspecting', 'migrating', 'compensating'] as const;
const LOOK_MS = 500;
/** The list follows the ledger, and who waited for a subject starts after its holder has ended. */
const QUIET_LOOKS = 4;

/**
 * Works on every migration that is pending until each of them rests or waits for a person, then ends. What is scheduled
 * for later, or waits behind one that does not end, stays.
 */
export async function work(run: Run): Promise<ExitCode> {
  if (!run.inProcess)
    throw new CliError(EXIT.usage, 'elsewhere planner and executor work by themselves', 'rehome work --in-process');
  const limit = run.timeoutMs === undefined ? undefined : AbortSignal.timeout(run.timeoutMs);
  const signal = limit === undefined ? run.interrupted : AbortSignal.any([run.interrupted, limit]);
  try {
    const client = await run.client();
    await run.work();
    return tell(run, await untilQuiet(run, client, signal));
  } catch (error) {
    if (run.interrupted.aborted) return left(run, EXIT.interrupted, 'interrupted');
    if (limit?.aborted === true) return left(run, EXIT.timeout, 'the time is up');
    throw error;
  }
}

function left(run: Run, exitCode: ExitCode, why: string): ExitCode {
  run.say(`\n${why}; what is left stands still until somebody runs it again\nNext:  rehome work${run.screen.again}`);
  return exitCode;
}

/** Those that were pending at some time, as they stand at the end. */
async function untilQuiet(run: Run, client: RehomeClient, signal: AbortSignal): Promise<MigrationSummaryAnswer[]> {
  const seen = new Set<string>();
  for (let quiet = 0; quiet < QUIET_LOOKS;) {
    signal.throwIfAborted();
    const pending = await pendingOf(client);
    for (const { migrationId, title } of pending.filter((one) => !seen.has(one.migrationId))) {
      seen.add(migrationId);
      run.say(`${migrationId}  ${readable({ title }).title}`);
    }
    quiet = pending.some(({ status }) => status !== 'scheduled') ? 0 : quiet + 1;
    await pause(LOOK_MS, undefined, { signal });
  }
  return Promise.all([...seen].map((migrationId) => client.migration(migrationId, { signal })));
}

async function pendingOf(client: RehomeClient): Promise<MigrationSummaryAnswer[]> {
  const pages = await Promise.all(PENDING.map((status) => client.list({ status, limit: 200 })));
  return pages.flatMap(({ items }) => items);
}

function toldText(
  rows: readonly Pick<MigrationSummaryAnswer, 'migrationId' | 'status' | 'title'>[],
  { again }: Screen,
): string {
  const [first] = rows;
  const next = first === undefined ? `rehome list${again}` : `rehome show ${first.migrationId}${again}`;
  const lines = rows.map(({ migrationId, status, title }) => `${migrationId}  ${status}  ${title}`);
  return [...(first === undefined ? ['Nothing is pending.'] : lines), '', `Next:  ${next}`].join('\n');
}

function tell(run: Run, migrations: readonly MigrationSummaryAnswer[]): ExitCode {
  const rows = migrations.map(({ migrationId, title, status }) => ({ migrationId, title, status }));
  if (run.json) run.out(JSON.stringify({ items: rows }));
  else run.out(toldText(readable(rows), run.screen));
  const ended = rows.filter(({ status }) => !(PENDING as readonly string[]).includes(status));
  return ended.map(({ status }) => exitOfStatus(status)).find((code) => code !== EXIT.done) ?? EXIT.done;
}
