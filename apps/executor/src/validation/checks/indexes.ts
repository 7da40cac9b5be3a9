import type { ValidationCheck } from '../check.js';
import { referenceValues } from '../references.js';

const HAS_INDEXES = `
  select
  from pg_index as i
  join pg_class as c on c.oid = i.indrelid
  join pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = any ($1)
`;

/** Index `i` finds rows by its first columns: it is whole and built, and no gin or brin. */
const FINDS_ROWS = `
  i.indisvalid
  and i.indpred is null
  and exists (
    select
    from pg_class as x
    join pg_am as m on m.oid = x.relam
    where x.oid = i.indexrelid and m.amname in ('btree', 'hash')
  )`;

export const INDEX_CHECKS: readonly ValidationCheck[] = [
  {
    name: 'foreign-keys-indexed',
    category: 'indexes',
    message: 'every foreign key has an index that begins with its columns',
    remedy: 'create index concurrently on these columns: a delete of a referenced row reads the whole table otherwise',
    finds: 'findings',
    applicable: `
      select
      from pg_constraint as f
      join pg_namespace as n on n.oid = f.connamespace
      where n.nspname = any ($1) and f.contype = 'f'
    `,
    // The order of the columns does not matter as long as they come first.
    sql: `
      select format('%s (%s)', f.conrelid::regclass, (
        select string_agg(quote_ident(a.attname), ', ' order by k.place)
        from unnest(f.conkey) with ordinality as k (attnum, place)
        join pg_attribute as a on a.attrelid = f.conrelid and a.attnum = k.attnum
      )) as finding
      from pg_constraint as f
      join pg_namespace as n on n.oid = f.connamespace
      where n.nspname = any ($1)
        and f.contype = 'f'
        and f.conparentid = 0
        and not exists (
          select
          from pg_index as i
          where i.indrelid = f.conrelid
            and ${FINDS_ROWS}
            -- Included columns stand behind those of the key.
            and i.indnkeyatts >= cardinality(f.conkey)
            and (string_to_array(i.indkey::text, ' ')::int2[])[1:cardinality(f.conkey)] @> f.conkey
        )
    `,
    values: ({ schemas }) => [schemas],
  },
  {
    name: 'references-indexed',
    category: 'indexes',
    message: 'every column of a configured reference has an index that begins with it',
    remedy: 'create index concurrently on the column',
    finds: 'findings',
    applicable: `
      select
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        as reference (schema, name, attribute, other_schema, other_name, other_attribute)
      join pg_namespace as n on n.nspname = reference.schema
      join pg_class as c on c.relnamespace = n.oid and c.relname = reference.name
    `,
    sql: `
      select distinct format('%s (%I)', c.oid::regclass, a.attname) as finding
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        as reference (schema, name, attribute, other_schema, other_name, other_attribute)
      join pg_namespace as n on n.nspname = reference.schema
      join pg_class as c on c.relnamespace = n.oid and c.relname = reference.name
      join pg_attribute as a on a.attrelid = c.oid and a.attname = reference.attribute and not a.attisdropped
      where not exists (
        select
        from pg_index as i
        where i.indrelid = c.oid and ${FINDS_ROWS} and i.indkey[0] = a.attnum
      )
    `,
    values: referenceValues,
  },
  {
    name: 'indexes-valid',
    category: 'indexes',
    message: 'every index is valid',
    remedy:
      'a concurrent build stopped half way: drop index concurrently, then build it again, or reindex concurrently',
    finds: 'findings',
    applicable: HAS_INDEXES,
    sql: `
      select i.indexrelid::regclass::text as finding
      from pg_index as i
      join pg_class as c on c.oid = i.indrelid
      join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = any ($1)
        and not (i.indisvalid and i.indisready)
    `,
    values: ({ schemas }) => [schemas],
  },
  {
    name: 'no-duplicate-indexes',
    category: 'indexes',
    message: 'no two indexes are the same',
    remedy: 'drop all but one of them concurrently: each costs every write',
    finds: 'findings',
    applicable: HAS_INDEXES,
    // One that serves no constraint is the one to drop, so it is named last.
    sql: `
      select string_agg(
        i.indexrelid::regclass::text, ' = ' order by (i.indisprimary or i.indisunique) desc, i.indexrelid
      ) as finding
      from pg_index as i
      join pg_class as c on c.oid = i.indrelid
      join pg_namespace as n on n.oid = c.relnamespace
      join pg_class as x on x.oid = i.indexrelid
      where n.nspname = any ($1)
        and i.indisvalid
      group by
        i.indrelid, x.relam, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text, i.indnatts,
        pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)
      having count(*) > 1
    `,
    values: ({ schemas }) => [schemas],
  },
];
