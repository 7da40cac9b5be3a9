import type { Page } from '#shared/contracts/answers.js';
import type { ProjectHistoryEntry } from '#shared/contracts/project-answers.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { utc } from '../rendering/amounts.js';
import { readable } from '../rendering/readable.js';
import { repeated } from '../rendering/repeated.js';
import { tableText } from '../rendering/table.js';
import type { Run } from '../run.js';

interface HistoryFlags {
  readonly project: string;
  readonly limit: string;
  readonly after?: string;
}

const FILTERS = ['project', 'limit'] as const;

export async function projectHistory(run: Run, _args: readonly [], flags: HistoryFlags): Promise<ExitCode> {
  const { project, limit, after } = flags;
  const query = { limit: Number(limit), ...(after === undefined ? {} : { after }) };
  const page = await (await run.client()).projectHistory(project, query);
  if (run.json) run.out(JSON.stringify(page));
  else run.out(historyText(readable(page), run, flags));
  return EXIT.done;
}

function historyText({ items, next }: Page<ProjectHistoryEntry>, run: Run, flags: HistoryFlags): string {
  const { project } = flags;
  const [newest] = items;
  if (newest === undefined && flags.after !== undefined) return `Nothing of ${project} is older.`;
  if (newest === undefined)
    return `Nothing of ${project} was applied yet.\n\nNext:  rehome apply --project ${project} --dry-run${run.screen.again}`;
  const table = tableText(
    items,
    [
      { title: 'WHEN', rank: 0, cell: ({ appliedAt }) => utc(appliedAt) },
      { title: 'STATUS', rank: 0, cell: ({ status }) => status },
      { title: 'MIGRATION', rank: 0, cell: ({ app, version, name }) => `${app}/${version}_${name}` },
      { title: 'DATABASE', rank: 0, cell: ({ database }) => database },
      {
        title: 'MS',
        rank: 1,
        cell: ({ executionTimeMs }) => (executionTimeMs === null ? '-' : String(executionTimeMs)),
      },
      { title: 'BY', rank: 2, cell: ({ appliedBy }) => appliedBy },
      { title: 'BECAUSE', rank: 3, cell: ({ detail = '' }) => detail },
    ],
    run.screen.width,
  );
  const more =
    next === null ? [] : [`More:  rehome history${repeated(FILTERS, { ...flags })} --after ${next}${run.screen.again}`];
  return [table, '', ...more, `Next:  rehome report ${newest.migrationId}${run.screen.again}`].join('\n');
}
