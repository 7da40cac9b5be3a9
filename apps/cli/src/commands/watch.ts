import { isNdjson, streamEvents } from './stream-events.js';
import type { Run } from '../run.js';
import type { ExitCode } from '../exit-codes.js';
import { EXIT } from '../exit-codes.js';
import { CliError } from '../cli-error.js';
import { follow } from './follow.js';

export async function watch(
  run: Run,
  [id]: readonly [string],
  { after }: { readonly after?: string },
): Promise<ExitCode> {
  const client = await run.client();
  if (after !== undefined && !isNdjson(run))
    throw new CliError(EXIT.usage, '--after goes with --json: the plain view shows the present state');
  // Who gave a wrong address or id learns it at once; only who was there before is waited for.
  await client.migration(id);
  if (isNdjson(run)) return streamEvents(run, client, { migrationId: id, after });
  return follow(run, client, id);
}
