import { Transform } from 'class-transformer';
import { IntegerField, PatternField } from '#shared/contracts/requests/fields.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

export class PageQuery {
  @PatternField({
    optional: true,
    pattern: /^[A-Za-z0-9_-]{1,3000}$/,
    shape: 'the `next` of a page',
    description: '`next` of the page before',
  })
  readonly after?: string;

  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
  )
  @IntegerField({ optional: true, minimum: 1, maximum: MAX_LIMIT, description: 'Entries of a page; 50 when silent' })
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
