import type { MigrationView, StepView } from '#shared/contracts/answers.js';
import { seconds, utc } from './amounts.js';
import { markOf, stepDuration, summaryLine } from './step-lines.js';
import { block, outcomeText } from './outcome-text.js';
import { marksOf, type Screen } from './screen.js';
import { tableText } from './table.js';

/** One migration on one screen: state first, then facts, then steps. */
export function migrationText(
  migration: MigrationView,
  { screen, verbose }: { readonly screen: Screen; readonly verbose: boolean },
): string {
  return [
    outcomeText(migration, screen),
    '',
    ...block(facts(migration, verbose)),
    ...(migration.steps.length === 0 ? [] : ['', stepTable(migration, screen), '', summaryLine(migration).trimStart()]),
  ].join('\n');
}

function facts(migration: MigrationView, verbose: boolean): [string, string][] {
  const { migrationId, requestedBy, createdAt, updatedAt, subject, planHash, warnings, runAt } = migration;
  return [
    ['id', migrationId],
    ['asked', `by ${requestedBy} at ${utc(createdAt)}`],
    ['subject', subject],
    ...(runAt === null ? [] : [['runs at', utc(runAt)] as [string, string]]),
    ...(planHash === null ? [] : [['plan', `sha256:${bare(planHash)}`] as [string, string]]),
    ...(migration.downtimeMs === 0 ? [] : [['down', seconds(migration.downtimeMs)] as [string, string]]),
    ...(migration.pointOfNoReturnPassed ? [['return', 'the point of no return has passed'] as [string, string]] : []),
    ...warnings.map((warning): [string, string] => ['warning', warning]),
    ...(verbose
      ? migration.checks.map(({ name, passed, found }): [string, string] => [
          'check',
          `${passed ? 'passed' : 'FAILED'} ${name}: ${found}`,
        ])
      : []),
    ['newest', utc(updatedAt)],
  ];
}

export function bare(hash: string): string {
  return hash.replace(/^sha256:/, '');
}

function stepTable(migration: MigrationView, screen: Screen): string {
  const marks = marksOf(screen);
  const now = Date.parse(migration.updatedAt);
  const number = (step: StepView) => String(migration.steps.indexOf(step) + 1);
  return tableText(
    migration.steps,
    [
      { title: '', rank: 0, cell: ({ status }) => markOf(status, marks) },
      { title: '#', rank: 3, cell: number },
      { title: 'STEP', rank: 0, cell: ({ id }) => id },
      { title: 'STATUS', rank: 0, cell: ({ status }) => status },
      { title: 'TIME', rank: 1, cell: (step) => stepDuration(step, now) },
      { title: 'PHASE', rank: 4, cell: ({ phase, down }) => (down ? `${phase} (down)` : phase) },
      { title: 'WHAT', rank: 2, cell: ({ title }) => title },
    ],
    screen.width,
  );
}
