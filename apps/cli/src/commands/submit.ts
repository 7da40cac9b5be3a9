import type { AnyRequest } from '#client/rehome-client.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readable } from '../rendering/readable.js';
import type { Run } from '../run.js';
import { follow } from './follow.js';
import { dryRun } from './plan.js';
import { readRequest, type RequestFlags } from './read-request.js';

interface SubmitOptions extends RequestFlags {
  readonly dryRun?: boolean;
  readonly watch?: boolean;
  readonly idempotencyKey?: string;
}

/** @param kind name of the command below `submit`; undefined: the request comes from a file. */
export function submitOf(kind: string | undefined) {
  return async (run: Run, _args: readonly [], options: SubmitOptions): Promise<ExitCode> =>
    submit(run, await readRequest(kind, options), options);
}

async function submit(run: Run, request: AnyRequest, options: SubmitOptions): Promise<ExitCode> {
  const client = await run.client();
  const key = options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey };
  if (options.dryRun === true) return dryRun(run, client, request, { format: 'table', ...key });
  const accepted = await client.submit(request, key);
  const { migrationId, message, status } = readable(accepted);
  if (options.watch === true) {
    run.say(`${migrationId}  ${message}`);
    return follow(run, client, migrationId);
  }
  if (run.json) run.out(JSON.stringify(accepted));
  else run.out(`${migrationId}  ${status}: ${message}\n\nNext:  rehome watch ${migrationId}${run.screen.again}`);
  if (run.inProcess) run.say('nothing works on it before the next run that waits, such as the one above');
  return EXIT.done;
}
