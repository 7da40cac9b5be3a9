import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import type { MigrationReport } from '#shared/contracts/report.js';

export type Fact = readonly [name: string, value: string];

/** What a reader wants to know first. */
export function headFacts(report: MigrationReport): Fact[] {
  return [
    ['Migration', report.migrationId],
    ['Kind', report.dryRun ? `${report.kind}, dry run` : report.kind],
    ['Subject', report.subject],
    ['Asked', `${instant(report.createdAt)} by ${report.requestedBy}`],
    ['Newest event', instant(report.updatedAt)],
    ['Downtime', report.downtimeMs === 0 ? 'none' : duration(report.downtimeMs)],
    ['Point of no return', report.pointOfNoReturnPassed ? 'passed' : 'not passed'],
    ...(report.planHash === null ? [] : [['Plan', `sha256:${report.planHash.replace(/^sha256:/, '')}`] as const]),
    ...(report.haltedAt === null ? [] : [['Stands still at', report.haltedAt] as const]),
  ];
}

export function ledgerFacts({ ledger }: MigrationReport): Fact[] {
  return [
    ['Events', String(ledger.events)],
    ['Positions', `${ledger.firstPosition} to ${ledger.lastPosition}`],
    ['Hash of the last', ledger.lastHash],
  ];
}

/** An object of any depth as dotted names and texts. */
function flatFacts(value: JsonValue | undefined, name = ''): Fact[] {
  if (value === undefined || value === null) return name === '' ? [] : [[name, 'none']];
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== 'object')) return [[name, value.join(', ') || 'none']];
    return value.flatMap((item: JsonValue, at) => flatFacts(item, `${name}.${String(at + 1)}`));
  }
  if (typeof value !== 'object') return [[name, String(value)]];
  return Object.entries(value).flatMap(([key, item]) => flatFacts(item, name === '' ? key : `${name}.${key}`));
}

export interface ResultPart {
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly checklist: readonly { readonly passed: boolean; readonly item: string; readonly evidence: string }[];
}

/**
 * What a migration ended with, whatever its kind: what is said in a word together, each object in it as a part of its own, a
 * checklist item by item.
 */
export function resultParts(result: JsonObject | null): ResultPart[] {
  const entries = Object.entries(result ?? {});
  const short = entries
    .filter(([, value]) => isShort(value))
    .flatMap(([name, value]) => flatFacts(value ?? 'none', name));
  const parts = entries
    .filter(([, value]) => !isShort(value))
    .map(([title, value]) => {
      const { checklist, ...rest } = Object.fromEntries<JsonValue | undefined>(Object.entries(value ?? {}));
      return { title, facts: flatFacts(rest), checklist: checklistOf(checklist) };
    });
  return [...(short.length === 0 ? [] : [{ title: 'in short', facts: short, checklist: [] }]), ...parts];
}

function isShort(value: JsonValue | undefined): boolean {
  return (
    typeof value !== 'object' ||
    value === null ||
    (Array.isArray(value) && value.every((item) => typeof item !== 'object'))
  );
}

/** The parser of a certificate's checklist. */
function checklistOf(value: JsonValue | undefined): ResultPart['checklist'] {
  return Array.isArray(value) ? (value as ResultPart['checklist']) : [];
}

/** `2026-11-21 05:44:49.123 UTC` */
export function instant(time: string): string {
  return `${time.replace('T', ' ').replace(/(\.\d{3})?\d*Z$/, '$1')} UTC`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  return ms < 60_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${String(Math.floor(ms / 60_000))} min ${String(Math.round((ms % 60_000) / 1000))} s`;
}

/** How long a step took, as far as it is over. */
export function stepDuration({ startedAt, finishedAt }: MigrationReport['steps'][number]): string {
  if (startedAt === null || finishedAt === null) return '';
  return duration(Date.parse(finishedAt) - Date.parse(startedAt));
}
