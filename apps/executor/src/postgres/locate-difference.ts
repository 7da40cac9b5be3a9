import { quoteIdentifier } from '#shared/database/identifier.js';
import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import { readBucket, type LargeObjectContent } from './hash-large-objects.js';
import { fromClause, listTables, rowHash, type TableToHash } from './hash-tables.js';
import type { Session } from './session.js';

/** Which rows of a table differ, by primary key as text: `(17)`, `(2024-05-05,x)`. At most `limit` of each kind. */
export interface DifferingRows {
  readonly missing: readonly string[];
  readonly added: readonly string[];
  readonly changed: readonly string[];
}

interface Sides {
  readonly source: Session;
  readonly target: Session;
}

/** Rows are compared in this many portions first, so that of millions only a few thousand travel. */
const PORTIONS = 1024;
/** More portions than this that differ are not all opened: the first ids are wanted, not every one. */
const OPENED_PORTIONS = 4;

/** Names rows that differ; undefined when the table has no primary key to name them by. */
export async function locateRows(sides: Sides, name: string, limit = 5): Promise<DifferingRows | undefined> {
  const table = (await listTables(sides.source)).find((candidate) => candidate.name === name);
  const key = table && (await primaryKey(sides.source, table));
  if (!table || !key) return undefined;
  const [left, right] = await both(sides, (session) => hashPortions(session, table, key));
  const portions = [...new Set([...left.keys(), ...right.keys()])].filter(
    (portion) => left.get(portion) !== right.get(portion),
  );
  const found = { missing: [] as string[], added: [] as string[], changed: [] as string[] };
  for (const portion of portions.sort((a, b) => a - b).slice(0, OPENED_PORTIONS)) {
    const [source, target] = await both(sides, (session) => readPortion(session, table, key, portion));
    for (const [id, hash] of source) {
      if (!target.has(id)) found.missing.push(id);
      else if (target.get(id) !== hash) found.changed.push(id);
    }
    for (const id of target.keys()) if (!source.has(id)) found.added.push(id);
  }
  return {
    missing: found.missing.slice(0, limit),
    added: found.added.slice(0, limit),
    changed: found.changed.slice(0, limit),
  };
}

/** Large objects that differ, by id, at most `limit`. */
export async function locateLargeObjects(
  sides: Sides,
  contents: { readonly source: LargeObjectContent; readonly target: LargeObjectContent },
  limit = 5,
): Promise<Mismatch[]> {
  const { source, target } = contents;
  const buckets = [...new Set([...source.buckets.keys(), ...target.buckets.keys()])].filter(
    (bucket) => JSON.stringify(source.buckets.get(bucket)) !== JSON.stringify(target.buckets.get(bucket)),
  );
  const found: Mismatch[] = [];
  for (const bucket of buckets.sort()) {
    const [left, right] = await both(sides, (session) => readBucket(session, bucket));
    for (const id of new Set([...left.keys(), ...right.keys()])) {
      const [mine, theirs] = [left.get(id), right.get(id)];
      if (mine?.hash === theirs?.hash) continue;
      const aspect = mine && theirs ? 'content' : 'existence';
      found.push({ object: `large object ${id}`, aspect, source: describe(mine), target: describe(theirs) });
      if (found.length === limit) return found;
    }
  }
  return found;

  function describe(object: { size: string; hash: string } | undefined): string {
    return object ? `${object.size} bytes, hash ${object.hash}` : '(missing)';
  }
}

async function both<T>({ source, target }: Sides, read: (session: Session) => Promise<T>): Promise<[T, T]> {
  return Promise.all([read(source), read(target)]);
}

/** `row(x."id", x."at")::text`, or undefined. */
async function primaryKey(session: Session, { schema, table }: TableToHash): Promise<string | undefined> {
  const { rows } = await session.query<{ column: string }>(
    `select a.attname as column
     from pg_index i
     cross join unnest(i.indkey) with ordinality as key (attnum, position)
     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = key.attnum
     where i.indrelid = format('%I.%I', $1::text, $2::text)::regclass and i.indisprimary and key.position <= i.indnkeyatts
     order by key.position`,
    [schema, table],
  );
  if (rows.length === 0) return undefined;
  return `row(${rows.map(({ column }) => `x.${quoteIdentifier(column)}`).join(', ')})::text`;
}

function portionOf(key: string): string {
  return `(hashtextextended(${key} collate "C", 0) & ${String(PORTIONS - 1)})::int`;
}

async function hashPortions(session: Session, table: TableToHash, key: string): Promise<Map<number, string>> {
  const { rows } = await session.query<{ portion: number; content: string }>(
    `select ${portionOf(key)} as portion, concat(count(*), ':', sum(${rowHash('x')})) as content
     from only ${fromClause(table)} group by 1`,
  );
  return new Map(rows.map(({ portion, content }) => [portion, content]));
}

async function readPortion(
  session: Session,
  table: TableToHash,
  key: string,
  portion: number,
): Promise<Map<string, string>> {
  const { rows } = await session.query<{ id: string; hash: string }>(
    `select id, hash from (select ${key} as id, ${portionOf(key)} as portion, ${rowHash('x')}::text as hash from only ${fromClause(table)}) as keyed
     where portion = $1 order by id`,
    [portion],
  );
  return new Map(rows.map(({ id, hash }) => [id, hash]));
}
