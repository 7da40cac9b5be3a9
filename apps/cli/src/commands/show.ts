import type { MigrationView } from '#shared/contracts/answers.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readable } from '../rendering/readable.js';
import { nextCommand } from '../rendering/outcome-text.js';
import { migrationText } from '../rendering/migration-text.js';
import type { Run } from '../run.js';

export async function show(run: Run, [id]: readonly [string]): Promise<ExitCode> {
  const migration: MigrationView = await (await run.client()).migration(id);
  if (run.json) run.out(JSON.stringify(migration));
  else run.out(`${migrationText(readable(migration), run)}\n\nNext:  ${nextCommand(migration, run.screen)}`);
  return EXIT.done;
}
