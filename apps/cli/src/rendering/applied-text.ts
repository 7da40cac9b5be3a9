import type { MigrationView } from '#shared/contracts/answers.js';
import type { AppliedDatabaseAnswer, ApplyResultAnswer } from '#shared/contracts/project-answers.js';
import type { MigrationName } from '#shared/contracts/projects.js';

/** What an apply did to each database, as names and texts in two columns; empty for every other kind. */
export function appliedRows(migration: MigrationView): [string, string][] {
  const result = applyResult(migration);
  if (result === undefined || migration.status !== 'completed') return [];
  const { databases, warnings = [] } = result;
  const changed = databases.filter(({ migrations }) => migrations.length > 0);
  return [
    ...(changed.length === 0 ? [['Done', 'nothing was pending'] as [string, string]] : []),
    ...changed.map((database): [string, string] => ['Done', appliedLine(database)]),
    ...warnings.map((warning): [string, string] => ['Warning', warning]),
  ];
}

/** How the data is after an apply was taken back: what was committed stands. Undefined for every other kind. */
export function standsText(migration: MigrationView): string | undefined {
  const result = applyResult(migration);
  if (result === undefined) return undefined;
  const stands = result.databases.filter(({ migrations }) => migrations.length > 0).map(appliedLine);
  const failed = result.databases.flatMap(({ alias, failed: one }) =>
    one === undefined ? [] : [`${nameOf(one)} on ${alias} left nothing behind`],
  );
  if (stands.length === 0) return ['no migration was applied', ...failed].join('; ');
  return ['what was committed stands:', ...stands, ...failed].join('\n');
}

/** `default: 2 applied: main/v001_initial, main/v002_security; backup 7d9f…` */
function appliedLine({ alias, migrations, backupId }: AppliedDatabaseAnswer): string {
  const statuses = [...new Set(migrations.map(({ status }) => status))];
  const parts = statuses.map((status) => {
    const names = migrations.filter((one) => one.status === status).map(nameOf);
    return `${String(names.length)} ${status}: ${shortened(names)}`;
  });
  return `${alias}: ${[...parts, ...(backupId === undefined ? [] : [`backup ${backupId}`])].join('; ')}`;
}

const SHOWN = 6;

function shortened(names: readonly string[]): string {
  if (names.length <= SHOWN) return names.join(', ');
  return `${names.slice(0, SHOWN).join(', ')} and ${String(names.length - SHOWN)} more`;
}

function nameOf({ app, version, name }: MigrationName): string {
  return `${app}/${version}_${name}`;
}

/** The parser: the planner writes it, `result` is plain JSON to everybody else. */
function applyResult({ kind, result }: MigrationView): ApplyResultAnswer | undefined {
  if (kind !== 'apply' || result === null || !Array.isArray(result['databases'])) return undefined;
  return result as unknown as ApplyResultAnswer;
}
