import type { MigrationView } from '#shared/contracts/answers.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { seconds } from './amounts.js';
import { appliedRows } from './applied-text.js';

type Row = [string, string];

/** What a completed migration was asked for, as names and texts in two columns. */
export function resultRows(migration: MigrationView): Row[] {
  const { kind, status, result } = migration;
  if (status !== 'completed' || result === null) return [];
  if (result['rehearsal'] === true) return rehearsedRows(result);
  return kind === 'apply' ? appliedRows(migration) : factRows(result);
}

/** Facts of a result that people ask for, by the name they are shown under; a kind has those that its steps answered. */
const FACTS: readonly (readonly [name: string, field: string])[] = [
  ['Backup', 'backupId'],
  ['State', 'status'],
  ['Tier', 'tier'],
  ['Tables', 'tables'],
  ['Rows', 'rows'],
  ['Bytes', 'bytes'],
  ['Kept', 'keptAs'],
  ['Gone', 'removed'],
  ['Gone', 'retired'],
  ['Passed', 'passed'],
  ['Failed', 'failed'],
  ['Health', 'healthy'],
];

function factRows(result: JsonObject): Row[] {
  return FACTS.flatMap(([name, field]): Row[] => {
    const text = textOf(result[field]);
    return text === undefined ? [] : [[name, text]];
  });
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(String).join(', ');
  if (typeof value !== 'object' || value === null || !('server' in value) || !('database' in value)) return undefined;
  return `${String(value.server)}/${String(value.database)}`;
}

/** How long the application would be down, and by which right that is said. */
function rehearsedRows(result: JsonObject): Row[] {
  const { predictedDowntimeMs, maxDowntimeMs, withinMaxDowntime, assumptions } = result;
  if (typeof predictedDowntimeMs !== 'number') return [];
  const limit =
    typeof maxDowntimeMs === 'number'
      ? `, ${withinMaxDowntime === true ? 'within' : 'MORE THAN'} the limit of ${seconds(maxDowntimeMs)}`
      : '';
  const because = Array.isArray(assumptions) ? assumptions.map((one): Row => ['', String(one)]) : [];
  const down = predictedDowntimeMs === 0 ? 'never' : `~${seconds(predictedDowntimeMs)}`;
  return [['Down', `${down}${limit}`], ...because];
}
