import type { MigrationView } from '#shared/contracts/answers.js';
import { seconds } from './amounts.js';
import { standsText } from './applied-text.js';
import { resultRows } from './result-text.js';
import { marksOf, paint, type Screen, type Style } from './screen.js';

/** How a migration stands, in a line, and what to do when it did not go well. */
export function outcomeText(migration: MigrationView, screen: Screen): string {
  return [headline(migration, screen), ...block(resultRows(migration)), ...explanation(migration, screen)].join('\n');
}

function headline(migration: MigrationView, screen: Screen): string {
  const marks = marksOf(screen);
  const [mark, style]: readonly [string, Style] = {
    good: [marks.done, 'good'] as const,
    bad: [marks.failed, 'bad'] as const,
    act: [marks.active, 'act'] as const,
    active: [marks.active, 'active'] as const,
  }[feeling(migration.status)];
  const { title, status } = migration;
  const code = migration.reasons[0]?.code;
  const told = feeling(status) === 'bad' && code !== undefined ? `   [${code}]` : '';
  return `${paint(screen.colour.out, style, `${mark} ${title}: ${status}${atStep(migration)}`)}${told}`;
}

function feeling(status: MigrationView['status']): 'good' | 'bad' | 'act' | 'active' {
  switch (status) {
    case 'completed':
      return 'good';
    case 'refused':
    case 'rolled-back':
    case 'cancelled':
    case 'halted':
      return 'bad';
    case 'awaiting-approval':
    case 'paused':
      return 'act';
    case 'requested':
    case 'scheduled':
    case 'inspecting':
    case 'migrating':
    case 'compensating':
      return 'active';
  }
}

/** ` at 11/17 verify-copy`: where it stopped, whichever step that was. */
function atStep({ steps, status, haltedAt }: MigrationView): string {
  if (status !== 'halted' && status !== 'rolled-back') return '';
  const at = steps.findIndex((step) => (haltedAt === null ? step.error !== null : step.id === haltedAt));
  const step = steps[at];
  return step === undefined ? '' : ` at ${String(at + 1)}/${String(steps.length)} ${step.id}`;
}

function explanation(migration: MigrationView, screen: Screen): string[] {
  if (!['refused', 'rolled-back', 'cancelled', 'halted', 'compensating'].includes(migration.status)) return [];
  return block([
    ['Data', dataText(migration)],
    ...migration.reasons.map(({ detail }): [string, string] => ['Why', detail]),
    ...migration.checks
      .filter(({ passed, severity }) => !passed && severity === 'error')
      .map(({ name, found, remedy }): [string, string] => [
        'Check',
        `${name}: ${found}${remedy === undefined ? '' : `; ${remedy}`}`,
      ]),
    ...migration.leftovers.map(({ stepId, failure }): [string, string] => ['Left', `${stepId}: ${failure.detail}`]),
    ['Fix', fixText(migration, screen)],
  ]);
}

/** Names and texts in two columns; a text of several lines stays in its column. */
export function block(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(6, ...rows.map(([name]) => name.length)) + 1;
  return rows.map(([name, text]) => `  ${name.padEnd(width)}${text.replaceAll('\n', `\n${' '.repeat(2 + width)}`)}`);
}

function dataText(migration: MigrationView): string {
  const { downtimeMs, leftovers } = migration;
  const down =
    downtimeMs === 0 ? 'the application was not stopped' : `the application was down for ${seconds(downtimeMs)}`;
  switch (migration.status) {
    case 'refused':
      return 'nothing was changed';
    case 'halted':
      return migration.pointOfNoReturnPassed
        ? 'the point of no return has passed: the target holds the data; it stands still until a person decides'
        : 'the source still holds the data; it stands still until a person decides';
    case 'compensating':
      return 'it is being taken back; the source still holds the data';
    default:
      return (
        standsText(migration) ??
        `everything is as before, nothing lost; ${down}${leftovers.length === 0 ? '' : '; some clean-up is left'}`
      );
  }
}

function fixText({ status, migrationId, haltedAt, kind }: MigrationView, { again }: Screen): string {
  if (status === 'halted') {
    const step = haltedAt ?? 'STEP';
    return (
      `see what happened: rehome report ${migrationId} --step ${step}${again}\n` +
      `then: rehome retry ${migrationId}${again}, or: rehome resolve ${migrationId} --step ${step} --outcome done --note "…"${again}`
    );
  }
  if (status === 'compensating') return `wait for its end: rehome watch ${migrationId}${again}`;
  if (kind === 'apply' && status === 'rolled-back')
    return `correct what failed, push it and apply again; everything that happened: rehome report ${migrationId}${again}`;
  return `remove the cause and ask again; everything that happened: rehome report ${migrationId}${again}`;
}

/** The command that people type next. */
export function nextCommand({ status, migrationId }: MigrationView, { again }: Screen): string {
  switch (status) {
    case 'awaiting-approval':
      return `rehome approve ${migrationId}${again}`;
    case 'paused':
      return `rehome resume ${migrationId}${again}`;
    case 'completed':
    case 'refused':
    case 'rolled-back':
    case 'cancelled':
    case 'halted':
      return `rehome report ${migrationId}${again}`;
    default:
      return `rehome watch ${migrationId}${again}`;
  }
}
