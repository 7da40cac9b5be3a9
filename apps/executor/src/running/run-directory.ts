import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepRunKey } from '#shared/contracts/events.js';
import { runDigits } from '../postgres/session-name.js';

/** Where the tools of a run keep password file and process record. The same for every attempt at the run. */
export function runDirectory(workRoot: string, run: StepRunKey): string {
  return join(workRoot, 'runs', runDigits(run));
}

/** Hands over the run's directory (0700), empty, and removes it afterwards. */
export async function withRunDirectory<T>(
  workRoot: string,
  run: StepRunKey,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = runDirectory(workRoot, run);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
