import type { ProjectHistoryEntry } from '#shared/contracts/project-answers.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { utc } from '../rendering/amounts.js';
import { readable } from '../rendering/readable.js';
import { tableText } from '../rendering/table.js';
import type { Run } from '../run.js';

interface HistoryFlags {
  readonly project: string;
  readonly limit: string;
}

export async function projectHistory(run: Run, _args: readonly [], flags: HistoryFlags): Promise<ExitCode> {
  const items = await (await run.client()).projectHistory(flags.project, Number(flags.limit));
  if (run.json) run.out(JSON.stringify({ items }));
  else run.out(historyText(readable(items), run, flags.project));
  return EXIT.done;
}

function historyText(items: readonly ProjectHistoryEntry[], run: Run, project: string): string {
  const [newest] = items;
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
  return [table, '', `Next:  rehome report ${newest.migrationId}${run.screen.again}`].join('\n');
}
