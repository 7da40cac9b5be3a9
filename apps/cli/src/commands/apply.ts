import type { RehomeClient } from '#client/rehome-client.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Run } from '../run.js';
import { askFor, pushedProject, type Asking } from './asked-project.js';
import { withOptions, type RequestFlags } from './read-request.js';

export interface ApplyFlags extends RequestFlags, Asking {
  readonly project: string;
  readonly to?: string;
  readonly database?: readonly string[];
  readonly only?: readonly string[];
  readonly reason?: string;
  readonly leaveOut?: readonly string[];
  readonly backup: boolean;
  readonly ifNeeded?: boolean;
}

type Fields = Record<string, unknown>;

/** `rehome apply`: exit 0 when it was applied, or there was nothing to do. */
export async function apply(run: Run, _args: readonly [], flags: ApplyFlags): Promise<ExitCode> {
  const selection = selectionOf(flags);
  const client = await run.client();
  const project = await pushedProject(run, client, flags.project);
  const leaveOut = { ...(await othersOf(client, project, flags)), ...leftOut(flags) };
  const request = withOptions(
    {
      kind: 'apply',
      project,
      ...(flags.to === undefined ? {} : { to: flags.to }),
      ...(selection.length === 0 ? {} : { databases: selection }),
      ...(Object.keys(leaveOut).length === 0 ? {} : { leaveOut }),
      ...(flags.backup ? {} : { backup: false }),
    },
    // Of many that start at once one applies; the others wait for it and find nothing to do.
    flags.ifNeeded === true ? { onBusy: 'queue', ...flags } : flags,
  );
  return askFor(run, client, request, flags.ifNeeded === true ? { ...flags, wait: true } : flags);
}

/** Every database that is named, by --database with how, or by --only. @throws CliError with exit 64 */
export function selectionOf({ database = [], only = [], reason }: Partial<ApplyFlags>): Fields[] {
  if (only.length > 0 && reason === undefined)
    throw new CliError(EXIT.usage, '--only leaves the other databases out: say why with --reason "…"');
  const named = database.map(readDatabase);
  const aliases = new Set(named.map(({ alias }) => alias));
  return [...named, ...only.filter((alias) => !aliases.has(alias)).map((alias) => ({ alias }))];
}

/** `results:apps=a,b:to=0007:fakeTo=0003:fakeInitial`. @throws CliError with exit 64 */
export function readDatabase(text: string): Fields {
  const [alias = '', ...parts] = text.split(':');
  if (alias === '') throw wrong(text);
  const database: Fields = { alias };
  for (const part of parts) {
    const [name, value] = splitOnce(part);
    if (name === 'fakeInitial' && value === undefined) database['fakeInitial'] = true;
    else if ((name === 'to' || name === 'fakeTo') && value !== undefined) database[name] = value;
    else if (name === 'apps' && value !== undefined) database['apps'] = value.split(',');
    else throw wrong(text);
  }
  return database;
}

function wrong(text: string): CliError {
  return new CliError(
    EXIT.usage,
    `--database: give ALIAS, and behind colons apps=A,B, to=VERSION, fakeTo=VERSION or fakeInitial, not ${JSON.stringify(text)}`,
  );
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function leftOut({ leaveOut = [] }: ApplyFlags): Record<string, string> {
  return Object.fromEntries(
    leaveOut.map((text) => {
      const [alias, reason] = splitOnce(text);
      if (alias !== '' && reason !== undefined && reason !== '') return [alias, reason];
      throw new CliError(EXIT.usage, `--leave-out: give ALIAS=REASON, not ${JSON.stringify(text)}`);
    }),
  );
}

/** What --only does not name, each with the reason that was given. */
async function othersOf(
  client: RehomeClient,
  project: string,
  { only, database = [], reason = '' }: ApplyFlags,
): Promise<Record<string, string>> {
  if (only === undefined) return {};
  const meant = new Set<unknown>([...only, ...database.map((text) => readDatabase(text)['alias'])]);
  const { definition } = await client.project(project);
  const others = definition.databases.map(({ alias }) => alias).filter((alias) => !meant.has(alias));
  return Object.fromEntries(others.map((alias) => [alias, reason]));
}
