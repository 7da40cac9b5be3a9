import type { AnyRequest } from '#client/rehome-client.js';
import type { MigrationView } from '#shared/contracts/answers.js';
import { exitOfStatus, type ExitCode } from '../exit-codes.js';
import { nextCommand, outcomeText } from '../rendering/outcome-text.js';
import { readable } from '../rendering/readable.js';
import type { Run } from '../run.js';
import { aMigration, sayWaiting, waitFor } from './wait-for.js';

/** What came of a request that only looks: its result, or how the command ends without one. */
export type Looked = { readonly migration: MigrationView } | { readonly exitCode: ExitCode };

/** Asks for a look and waits for what it found. Its steps are not shown: it takes seconds and changes nothing. */
export async function askAndWait(run: Run, request: AnyRequest, saying: string): Promise<Looked> {
  const client = await run.client();
  const { migrationId } = await client.submit(request);
  sayWaiting(run, `${migrationId}  ${saying}`);
  const migration = await waitFor(run, aMigration(run, migrationId), async (signal) => {
    await run.work();
    return client.untilAtRest(migrationId, signal);
  });
  if (migration.status === 'completed') return { migration };
  if (run.json) run.out(JSON.stringify(migration));
  else run.out(`${outcomeText(readable(migration), run.screen)}\nNext:  ${nextCommand(migration, run.screen)}`);
  return { exitCode: exitOfStatus(migration.status) };
}
