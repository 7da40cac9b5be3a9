import { createHash } from 'node:crypto';
import type { CatalogueObject } from './structure.js';

const SHOWN = 160;

/** Bodies and values in which people keep passwords: a mismatch travels in events, so these are told by digest. */
const CONFIDENTIAL_KINDS = new Set(['function', 'procedure', 'user mapping', 'foreign data wrapper', 'foreign server']);

/** Both values as a mismatch tells them: unset as `(none)`, long ones around their first difference. */
export function showDifference(
  object: CatalogueObject,
  aspect: string,
  source: string | undefined,
  target: string | undefined,
): { source: string; target: string } {
  if (isConfidential(object, aspect)) return { source: digestOf(source), target: digestOf(target) };
  const start = Math.max(0, firstDifference(source ?? '', target ?? '') - SHOWN / 2);
  return { source: excerpt(source, start), target: excerpt(target, start) };
}

/** `set_config('app.jwt_secret', …)` and the like: settings of the application, not of PostgreSQL, have a dot. */
function isConfidential(object: CatalogueObject, aspect: string): boolean {
  if (object.kind === 'database setting' || object.kind === 'role setting') return object.name.includes('.');
  return CONFIDENTIAL_KINDS.has(object.kind) && ['definition', 'options'].includes(aspect);
}

function digestOf(text: string | undefined): string {
  if (text === undefined) return '(none)';
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `sha256 ${digest}, ${String(text.length)} characters`;
}

function excerpt(text: string | undefined, start: number): string {
  if (text === undefined) return '(none)';
  if (text.length <= SHOWN) return text;
  const end = start + SHOWN;
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`;
}

function firstDifference(left: string, right: string): number {
  let at = 0;
  while (at < left.length && at < right.length && left[at] === right[at]) at++;
  return at;
}
