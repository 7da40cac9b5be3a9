import type { DatabaseHealth, HealthState, ProjectHealth } from '#shared/contracts/projects.js';
import type { Run } from '../run.js';
import { utc } from './amounts.js';
import { marksOf, paint, type Marks, type Style } from './screen.js';
import { tableText } from './table.js';

const LOOKS: Readonly<Record<HealthState, readonly [keyof Marks, Style]>> = {
  healthy: ['done', 'good'],
  behind: ['active', 'act'],
  drifted: ['active', 'act'],
  unknown: ['waiting', 'act'],
  unhealthy: ['failed', 'bad'],
  unreachable: ['failed', 'bad'],
  missing: ['failed', 'bad'],
};

/** One line per database, what to do last; with `-v` everything that was seen. */
export function healthText(health: ProjectHealth, { screen, verbose }: Pick<Run, 'screen' | 'verbose'>): string {
  const marks = marksOf(screen);
  const table = tableText(
    health.databases,
    [
      { title: 'DATABASE', rank: 0, cell: ({ alias }) => alias },
      {
        title: 'STATE',
        rank: 0,
        cell: ({ state }) => `${marks[LOOKS[state][0]].trim()} ${state}`,
        paint: (text, { state }) => paint(screen.colour.out, LOOKS[state][1], text),
      },
      { title: 'VERSION', rank: 2, cell: ({ currentVersion = '-' }) => currentVersion },
      { title: 'PENDING', rank: 1, cell: ({ pendingCount }) => String(pendingCount) },
      { title: 'TABLES', rank: 3, cell: ({ tables }) => String(tables) },
      { title: 'AT', rank: 4, cell: ({ server, database }) => `${server}/${database}` },
    ],
    screen.width,
  );
  const trouble = health.databases
    .filter(({ state }) => state !== 'healthy')
    .map(({ alias, detail }) => `  ${alias}: ${detail}`);
  const more = verbose ? health.databases.map(everything) : [];
  const when = health.checkedAt === null ? 'not every database was looked at' : `looked ${utc(health.checkedAt)}`;
  return [table, ...(trouble.length > 0 ? [trouble.join('\n')] : []), ...more, when, `Next:  ${nextOf(health)}`].join(
    '\n\n',
  );
}

function everything(database: DatabaseHealth): string {
  const { alias, owner, tables, tableNames = [], pending, pendingCount, failed, drift } = database;
  const unnamed = tables - tableNames.length;
  const names = unnamed > 0 && tableNames.length > 0 ? [...tableNames, `and ${String(unnamed)} more`] : tableNames;
  const rows: [string, readonly string[]][] = [
    ['role', owner === undefined ? [] : [owner]],
    ['applied', [String(database.applied)]],
    [
      'pending',
      pendingCount > pending.length ? [...pending, `and ${String(pendingCount - pending.length)} more`] : pending,
    ],
    ['failed', failed],
    [
      'missing',
      [...new Set([...database.missingCriticalTables.map((name) => `${name} (critical)`), ...database.missingTables])],
    ],
    ['drift', drift.map(({ kind, what, detail }) => `${kind} ${what}: ${detail}`)],
    ['tables', names],
  ];
  const shown = rows.flatMap(([title, texts]) =>
    texts.map((text, at) => `  ${(at === 0 ? title : '').padEnd(9)}${text}`),
  );
  return [alias, ...shown].join('\n');
}

/** The command that mends what is worst. */
function nextOf({ project, databases }: ProjectHealth): string {
  const any = (...states: readonly HealthState[]): boolean => databases.some(({ state }) => states.includes(state));
  if (any('unknown')) return `rehome health --project ${project}`;
  if (any('missing', 'unreachable')) return 'rehome server list';
  if (any('unhealthy')) return `rehome history --project ${project}`;
  if (any('behind')) return `rehome apply --project ${project}`;
  if (any('drifted')) return `rehome health --project ${project} -v`;
  return `rehome validate --project ${project}`;
}
