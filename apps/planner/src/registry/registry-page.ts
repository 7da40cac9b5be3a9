import { AfterField, DEFAULT_LIMIT, LimitField } from '../http/page-fields.js';

export class PageQuery {
  @AfterField({ maxLength: 3000 })
  readonly after?: string;

  @LimitField({ description: 'Entries of a page; 50 when silent' })
  readonly limit?: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/**
 * The names of one page in the order of their code points, and where the next begins: behind the last name, so that a
 * page is the same however many entries come before it meanwhile.
 */
export function pageOfNames(names: Iterable<string>, query: PageQuery): Page<string> {
  const limit = query.limit ?? DEFAULT_LIMIT;
  const after = query.after === undefined ? undefined : Buffer.from(query.after, 'base64url').toString('utf8');
  const rest = [...names].sort(byCodePoint).filter((name) => after === undefined || byCodePoint(name, after) > 0);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  const next = rest.length > limit && last !== undefined ? Buffer.from(last).toString('base64url') : null;
  return { items, next };
}

function byCodePoint(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
