import type { RehomeClient } from '#client/rehome-client.js';
import type { MigrationSummaryAnswer, Page } from '#shared/contracts/answers.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { utc } from '../rendering/amounts.js';
import { readable } from '../rendering/readable.js';
import { tableText } from '../rendering/table.js';
import { repeated } from '../rendering/repeated.js';
import type { Run } from '../run.js';

interface ListOptions {
  readonly kind?: string;
  readonly status?: string;
  readonly subject?: string;
  readonly dryRuns?: boolean;
  readonly limit: string;
  readonly after?: string;
  readonly all?: boolean;
}

export async function list(run: Run, _args: readonly [], options: ListOptions): Promise<ExitCode> {
  const page = await pages(await run.client(), options);
  if (run.json) run.out(JSON.stringify(page));
  else run.out(listText(readable(page), run, options));
  return EXIT.done;
}

async function pages(client: RehomeClient, options: ListOptions): Promise<Page<MigrationSummaryAnswer>> {
  const { kind, status, subject, dryRuns, limit, after, all } = options;
  const filter = {
    ...(kind === undefined ? {} : { kind }),
    ...(status === undefined ? {} : { status }),
    ...(subject === undefined ? {} : { subject }),
    ...(dryRuns === true ? { dryRun: true } : {}),
    limit: Number(limit),
  };
  const items: MigrationSummaryAnswer[] = [];
  let next = after ?? null;
  do {
    const page = await client.list(next === null ? filter : { ...filter, after: next });
    items.push(...page.items);
    ({ next } = page);
  } while (all === true && next !== null);
  return { items, next };
}

function listText({ items, next }: Page<MigrationSummaryAnswer>, { screen }: Run, options: ListOptions): string {
  const [newest] = items;
  if (newest === undefined)
    return `${emptyText(options)}\n\nNext:  rehome submit upgrade --instance ID --to-plan PLAN${screen.again}`;
  const table = tableText(
    items,
    [
      { title: 'ID', rank: 0, cell: ({ migrationId }) => migrationId },
      { title: 'STATUS', rank: 0, cell: ({ status }) => status },
      { title: 'WHAT', rank: 1, cell: ({ title }) => title },
      { title: 'ASKED', rank: 2, cell: ({ createdAt }) => utc(createdAt) },
      { title: 'BY', rank: 3, cell: ({ requestedBy }) => requestedBy },
      { title: 'SUBJECT', rank: 4, cell: ({ subject }) => subject },
    ],
    screen.width,
  );
  const more = next === null ? [] : [`More:  rehome list${repeated(FILTERS, options)} --after ${next}${screen.again}`];
  return [table, '', ...more, `Next:  rehome show ${newest.migrationId}${screen.again}`].join('\n');
}

const FILTERS = ['kind', 'status', 'subject', 'dryRuns', 'limit'] as const;

function emptyText({ kind, status, subject, dryRuns }: ListOptions): string {
  const filtered = [kind, status, subject].some((one) => one !== undefined);
  const what = dryRuns === true ? 'dry run' : 'migration';
  return filtered ? `No ${what} fits.` : `No ${what} was asked for yet.`;
}
