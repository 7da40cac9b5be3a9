import type { AnyRequest } from '#client/rehome-client.js';
import type { MigrationView } from '#shared/contracts/answers.js';
import { EXIT, exitOfStatus, type ExitCode } from '../exit-codes.js';
import { nextCommand, outcomeText } from '../rendering/outcome-text.js';
import { readable } from '../rendering/readable.js';
import { flagOf, type Run } from '../run.js';
import { detached } from './follow.js';

/** What came of a request that only looks: its result, or how the command ends without one. */
export type Looked = { readonly migration: MigrationView } | { readonly exitCode: ExitCode };

/** Asks for a look and waits for what it found. Its steps are not shown: it takes seconds and changes nothing. */
export async function askAndWait(run: Run, request: AnyRequest, saying: string): Promise<Looked> {
  const limit = run.timeoutMs === undefined ? undefined : AbortSignal.timeout(run.timeoutMs);
  const signal = limit === undefined ? run.interrupted : AbortSignal.any([run.interrupted, limit]);
  const client = await run.client();
  const { migrationId } = await client.submit(request, { signal });
  if (run.screen.progress !== 'none' && !run.json) run.say(saying);
  try {
    await run.work();
    const migration = await client.untilAtRest(migrationId, signal);
    if (migration.status === 'completed') return { migration };
    if (run.json) run.out(JSON.stringify(migration));
    else run.out(`${outcomeText(readable(migration), run.screen)}\nNext:  ${nextCommand(migration)}${flagOf(run)}`);
    return { exitCode: exitOfStatus(migration.status) };
  } catch (error) {
    if (run.interrupted.aborted) return { exitCode: detached(run, migrationId, EXIT.interrupted, 'interrupted') };
    if (limit?.aborted === true) return { exitCode: detached(run, migrationId, EXIT.timeout, 'the time is up') };
    throw error;
  }
}
