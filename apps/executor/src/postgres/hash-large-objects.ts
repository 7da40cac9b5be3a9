import type { Session } from './session.js';

export interface LargeObjectContent {
  readonly count: string;
  /** Sum of the 64-bit hashes of id, size and content of each, decimal. */
  readonly hash: string;
  /** The same by bucket of 1,000 ids, to find the one that differs. */
  readonly buckets: ReadonlyMap<string, { readonly count: string; readonly hash: string }>;
}

/** Large objects whose id lies in `from` … `to`. */
export interface LargeObjectUnit {
  readonly kind: 'large-objects';
  readonly from: string;
  readonly to: string;
}

const PIECE_BYTES = 1024 * 1024;
const OBJECTS_PER_UNIT = 5_000;
const BUCKET = 1_000;

/** Portions of large objects for several connections. */
export async function largeObjectUnits(session: Session): Promise<LargeObjectUnit[]> {
  const { rows } = await session.query<{ from: string; to: string }>(
    `select min(oid)::text as from, max(oid)::text as to
     from (select oid, (row_number() over (order by oid) - 1) / $1 as portion from pg_largeobject_metadata) as numbered
     group by portion
     order by portion`,
    [OBJECTS_PER_UNIT],
  );
  return rows.map((range) => ({ kind: 'large-objects', ...range }));
}

/**
 * One row per large object of the range: id, size and hash. Content is read by `lo_get` in pieces, which needs no
 * superuser, fills holes as a restore does, and keeps memory at one piece.
 */
const EACH_OBJECT = `
with recursive piece (id, number, length, digest) as (
  select l.oid, 0, length(read.body), encode(sha256(read.body), 'hex')
  from pg_largeobject_metadata l
  cross join lateral (select lo_get(l.oid, 0, ${String(PIECE_BYTES)}) as body offset 0) as read
  where l.oid between $1::oid and $2::oid
  union all
  select p.id, p.number + 1, length(read.body), encode(sha256(read.body), 'hex')
  from piece p
  cross join lateral (select lo_get(p.id, (p.number + 1)::bigint * ${String(PIECE_BYTES)}, ${String(PIECE_BYTES)}) as body offset 0) as read
  where p.length = ${String(PIECE_BYTES)}
), object as (
  select id, sum(length) as size,
    hashtextextended(concat_ws(':', id, sum(length), string_agg(digest, ',' order by number)) collate "C", 0) as hash
  from piece
  group by id
)`;

export async function hashLargeObjects(session: Session, unit: LargeObjectUnit): Promise<LargeObjectContent> {
  const { rows } = await session.query<{ bucket: string; count: string; hash: string }>(
    `${EACH_OBJECT}
     select (id::bigint / ${String(BUCKET)})::text as bucket, count(*)::text as count, sum(hash)::text as hash
     from object group by 1`,
    [unit.from, unit.to],
  );
  return merge(rows);
}

export function mergeLargeObjects(parts: readonly LargeObjectContent[]): LargeObjectContent {
  return merge(parts.flatMap(({ buckets }) => [...buckets].map(([bucket, content]) => ({ bucket, ...content }))));
}

/** Large objects of one bucket by id, to name those that differ. */
export async function readBucket(
  session: Session,
  bucket: string,
): Promise<Map<string, { size: string; hash: string }>> {
  const first = BigInt(bucket) * BigInt(BUCKET);
  const { rows } = await session.query<{ id: string; size: string; hash: string }>(
    `${EACH_OBJECT} select id::text as id, size::text as size, hash::text as hash from object order by id`,
    [first.toString(), (first + BigInt(BUCKET - 1)).toString()],
  );
  return new Map(rows.map(({ id, ...content }) => [id, content]));
}

function merge(rows: readonly { bucket: string; count: string; hash: string }[]): LargeObjectContent {
  const buckets = new Map<string, { count: string; hash: string }>();
  let [count, hash] = [0n, 0n];
  for (const row of rows) {
    count += BigInt(row.count);
    hash += BigInt(row.hash);
    const sum = buckets.get(row.bucket);
    buckets.set(row.bucket, {
      count: (BigInt(row.count) + BigInt(sum?.count ?? 0)).toString(),
      hash: (BigInt(row.hash) + BigInt(sum?.hash ?? 0)).toString(),
    });
  }
  return { count: count.toString(), hash: hash.toString(), buckets };
}
