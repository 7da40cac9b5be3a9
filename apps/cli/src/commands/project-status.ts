import type { DatabaseStatus, ProjectStatus } from '#shared/contracts/projects.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { utc } from '../rendering/amounts.js';
import { readable } from '../rendering/readable.js';
import { paint } from '../rendering/screen.js';
import { tableText } from '../rendering/table.js';
import type { Run } from '../run.js';

/** Pending or not, it is an answer: 0. What is wrong is for `health`. */
export async function projectStatus(
  run: Run,
  _args: readonly [],
  { project }: { readonly project: string },
): Promise<ExitCode> {
  const status = await (await run.client()).projectStatus(project);
  if (run.json) run.out(JSON.stringify(status));
  else run.out(statusText(readable(status), run));
  return EXIT.done;
}

function statusText({ project, digest, checkedAt, migrationNeeded, databases }: ProjectStatus, run: Run): string {
  const { screen } = run;
  const seen = checkedAt === null ? 'nobody has looked at every database yet' : `as of ${utc(checkedAt)}`;
  const table = tableText(
    databases,
    [
      { title: 'DATABASE', rank: 0, cell: ({ alias }) => alias },
      {
        title: 'STATE',
        rank: 0,
        cell: ({ state }) => state,
        paint: (text, { state }) => paint(screen.colour.out, state === 'healthy' ? 'good' : 'act', text),
      },
      { title: 'CURRENT', rank: 0, cell: ({ currentVersion }) => currentVersion ?? '-' },
      { title: 'APPLIED', rank: 1, cell: ({ applied }) => String(applied) },
      { title: 'PENDING', rank: 0, cell: ({ pendingCount }) => String(pendingCount) },
      { title: 'ON', rank: 2, cell: ({ server, database }) => `${server}/${database}` },
      { title: 'DETAIL', rank: 3, cell: ({ detail }) => detail },
    ],
    screen.width,
  );
  const next = migrationNeeded ? `rehome apply --project ${project} --dry-run` : `rehome health --project ${project}`;
  return [
    `${paint(screen.colour.out, 'strong', project)}  ${digest.slice(0, 12)}  ${seen}`,
    '',
    table,
    ...databases.flatMap(troubles),
    '',
    `Next:  ${next}${run.screen.again}`,
  ].join('\n');
}

function troubles({ alias, pending, pendingCount, failed }: DatabaseStatus): string[] {
  const more = pendingCount > pending.length ? ` and ${String(pendingCount - pending.length)} more` : '';
  return [
    ...(pending.length === 0 ? [] : ['', `Pending on ${alias}: ${pending.join(', ')}${more}`]),
    ...(failed.length === 0 ? [] : ['', `Failed on ${alias}: ${failed.join(', ')}`]),
  ];
}
