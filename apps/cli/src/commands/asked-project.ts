import type { RehomeClient } from '#client/rehome-client.js';
import type { AcceptedAnswer } from '#shared/contracts/answers.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readable } from '../rendering/readable.js';
import type { Run } from '../run.js';
import { follow } from './follow.js';
import { dryRun } from './plan.js';

/** How a request about a project is asked. */
export interface Asking {
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly idempotencyKey?: string;
}

/** A name, or a folder that is pushed first: whatever is no name, such as `./epsm`. */
export async function pushedProject(run: Run, client: RehomeClient, project: string): Promise<string> {
  if (!project.includes('/') && project !== '.' && project !== '..') return project;
  const pushed = await push(client, project);
  const { name, digest, findings } = readable(pushed);
  run.say(`pushed ${name}  ${digest.slice(0, 12)}  ${findingsText(findings.length)}`);
  return name;
}

async function push(client: RehomeClient, folder: string) {
  const { loadProjectFolder } = await import('../project/load-project-folder.js');
  const { packProject } = await import('#shared/projects/bundle/archive.js');
  const { definition, files } = await loadProjectFolder(folder);
  return client.putProject(definition.name, await packProject(files));
}

function findingsText(count: number): string {
  if (count === 0) return 'the linter finds nothing';
  return `the linter finds ${String(count)}: rehome project check tells`;
}

/** Asks, and follows it where somebody waits. */
export async function askFor(
  run: Run,
  client: RehomeClient,
  request: Readonly<Record<string, unknown>>,
  { dryRun: isDry, wait, idempotencyKey }: Asking,
): Promise<ExitCode> {
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  if (isDry === true) return dryRun(run, client, request, { format: 'table', ...key });
  const accepted = await client.submit(request, key);
  // In this process nobody else works on it.
  if (wait !== true && !run.inProcess) return told(run, accepted);
  const { migrationId, message } = readable(accepted);
  run.say(`${migrationId}  ${message}`);
  return follow(run, client, migrationId);
}

function told(run: Run, accepted: AcceptedAnswer): ExitCode {
  const { migrationId, message, status } = readable(accepted);
  if (run.json) run.out(JSON.stringify(accepted));
  else run.out(`${migrationId}  ${status}: ${message}\n\nNext:  rehome watch ${migrationId}${run.screen.again}`);
  return EXIT.done;
}
