import type { AcceptedAnswer, Page } from '#shared/contracts/answers.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { utc } from '../rendering/amounts.js';
import { readable } from '../rendering/readable.js';
import { repeated } from '../rendering/repeated.js';
import { tableText } from '../rendering/table.js';
import type { Run } from '../run.js';
import { follow } from './follow.js';
import { dryRun } from './plan.js';

type Backup = Readonly<Record<string, unknown>>;

interface ListOptions {
  readonly server?: string;
  readonly database?: string;
  readonly tier?: string;
  readonly label?: string;
  readonly status?: string;
  readonly after?: string;
}

const COLLECTION = 'backups';

export async function backupList(run: Run, _args: readonly [], options: ListOptions): Promise<ExitCode> {
  const { server, database, tier, label, status, after } = options;
  const query = { server, database, tier, label, status, after };
  const page = await (await run.client()).entries<Backup>(COLLECTION, query);
  if (run.json) run.out(JSON.stringify(page));
  else run.out(listText(readable(page), run, options));
  return EXIT.done;
}

export async function backupShow(run: Run, [id]: readonly [string]): Promise<ExitCode> {
  const backup = await (await run.client()).entry<Backup>(COLLECTION, id);
  if (run.json) run.out(JSON.stringify(backup));
  else {
    const { stringify } = await import('yaml');
    run.out(`${stringify(readable(backup)).trimEnd()}\n\nNext:  rehome backup verify ${id}${run.screen.again}`);
  }
  return EXIT.done;
}

export function backupVerify(run: Run, [id]: readonly [string]): Promise<ExitCode> {
  return ask(run, id, 'verify', {});
}

export function backupPromote(
  run: Run,
  [id]: readonly [string],
  { tier }: { readonly tier: string },
): Promise<ExitCode> {
  return ask(run, id, 'promote', { tier });
}

interface CleanUpOptions {
  readonly tier?: string;
  readonly server?: string;
  readonly database?: string;
  readonly keep?: readonly string[];
  readonly dryRun?: boolean;
  readonly watch?: boolean;
}

export async function backupCleanUp(run: Run, _args: readonly [], options: CleanUpOptions): Promise<ExitCode> {
  const { tier, server, database, keep } = options;
  const body = {
    ...(tier === undefined ? {} : { tier }),
    ...(server === undefined ? {} : { server }),
    ...(database === undefined ? {} : { database }),
    ...(keep === undefined ? {} : { keep: Object.fromEntries(keep.map(tierAndCount)) }),
  };
  const client = await run.client();
  if (options.dryRun === true) return dryRun(run, client, { kind: 'clean-up-backups', ...body }, { format: 'table' });
  const accepted = await client.askOf<AcceptedAnswer>('/v1/backups/cleanup', body);
  if (options.watch !== true) return told(run, accepted);
  run.say(`${accepted.migrationId}  ${readable(accepted).message}`);
  return follow(run, client, accepted.migrationId);
}

function tierAndCount(text: string): [string, number] {
  const [, tier, count] = /^([a-z]+)=(\d+)$/.exec(text) ?? [];
  if (tier !== undefined && count !== undefined) return [tier, Number(count)];
  throw new CliError(EXIT.usage, `--keep: give TIER=COUNT, such as daily=7, not ${JSON.stringify(text)}`);
}

/** What changes a backup is a migration of its own. */
async function ask(run: Run, id: string, action: string, body: object): Promise<ExitCode> {
  const accepted = await (
    await run.client()
  ).askOf<AcceptedAnswer>(`/v1/backups/${encodeURIComponent(id)}/${action}`, body);
  return told(run, accepted);
}

function told(run: Run, accepted: AcceptedAnswer): ExitCode {
  const { migrationId, message } = readable(accepted);
  if (run.json) run.out(JSON.stringify(accepted));
  else run.out(`${migrationId}  ${message}\n\nNext:  rehome watch ${migrationId}${run.screen.again}`);
  return EXIT.done;
}

const FILTERS = ['server', 'database', 'tier', 'label', 'status'] as const;

function listText({ items, next }: Page<Backup>, run: Run, options: ListOptions): string {
  const [newest] = items;
  if (newest === undefined)
    return `No backup fits.\n\nNext:  rehome submit backup --database SERVER/DATABASE${run.screen.again}`;
  const text = (backup: Backup, field: string) => {
    const value = backup[field];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
  };
  const table = tableText(
    items,
    [
      { title: 'ID', rank: 0, cell: (backup) => text(backup, 'backupId') },
      { title: 'STATUS', rank: 0, cell: (backup) => text(backup, 'status') },
      { title: 'DATABASE', rank: 1, cell: (backup) => `${text(backup, 'server')}/${text(backup, 'database')}` },
      { title: 'TIER', rank: 2, cell: (backup) => text(backup, 'tier') },
      { title: 'MADE', rank: 3, cell: (backup) => utc(text(backup, 'createdAt')) },
      { title: 'LABEL', rank: 4, cell: (backup) => text(backup, 'label') },
    ],
    run.screen.width,
  );
  const more =
    next === null ? [] : [`More:  rehome backup list${repeated(FILTERS, options)} --after ${next}${run.screen.again}`];
  return [table, '', ...more, `Next:  rehome backup show ${text(newest, 'backupId')}${run.screen.again}`].join('\n');
}
