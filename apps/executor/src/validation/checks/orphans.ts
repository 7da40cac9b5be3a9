import type { ValidationCheck } from '../check.js';
import { referenceValues } from '../references.js';

type Search = Pick<ValidationCheck, 'finds' | 'sql' | 'values'>;

/**
 * Types whose values are keys and nothing else. A row whose primary key is of another, such as an address as text, is
 * named by its place in the table.
 */
const PLAIN_KEYS = `'{int2,int4,int8,oid,uuid}'::regtype[]`;

/** Text of an expression that names a row of `child`: its table and primary key. */
export const ROW_NAME = (table: string): string => `
  format('%L || ', ${table}::regclass || ' ') || coalesce((
    select string_agg(format('%L || child.%I', quote_ident(a.attname) || ' ', a.attname), ' || '', '' || ' order by k.place)
    from pg_index as i
    cross join unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
    join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where i.indrelid = ${table} and i.indisprimary
    having bool_and(a.atttypid = any (${PLAIN_KEYS}))
  ), '''row '' || child.ctid')`;

/**
 * One query per foreign key: rows whose columns are all filled (as MATCH SIMPLE means it) and meet no row.
 * `not exists`, because `not in` finds nothing at all once the other side holds a null. Compared by the operators of the
 * constraint itself: no search path changes what is equal.
 */
export const DECLARED_ORPHANS: Search = {
  finds: 'queries',
  sql: `
    select format(
      'select %s as finding from %s as child where %s and not exists (select from %s as parent where %s)',
      ${ROW_NAME('f.conrelid')},
      f.conrelid::regclass, pair.filled, f.confrelid::regclass, pair.meets
    ) as query
    from pg_constraint as f
    join pg_namespace as n on n.oid = f.connamespace
    cross join lateral (
      select
        string_agg(format('child.%I is not null', c.attname), ' and ') as filled,
        string_agg(format('parent.%I operator(%I.%s) child.%I', p.attname, s.nspname, o.oprname, c.attname), ' and ')
          as meets
      from unnest(f.conkey, f.confkey, f.conpfeqop) as k (child, parent, operator)
      join pg_attribute as c on c.attrelid = f.conrelid and c.attnum = k.child
      join pg_attribute as p on p.attrelid = f.confrelid and p.attnum = k.parent
      join pg_operator as o on o.oid = k.operator
      join pg_namespace as s on s.oid = o.oprnamespace
    ) as pair
    where n.nspname = any ($1)
      and f.contype = 'f'
      and f.conparentid = 0
    order by f.conrelid::regclass::text, f.conname
  `,
  values: ({ schemas }) => [schemas],
};

/** The same for references that only the project knows of; those whose tables are not there are left out. */
export const CONFIGURED_ORPHANS: Search = {
  finds: 'queries',
  sql: `
    select format(
      'select %s as finding from %s as child '
        || 'where child.%I is not null and not exists (select from %s as parent where parent.%I = child.%I)',
      ${ROW_NAME('c.oid')},
      c.oid::regclass, reference.attribute, p.oid::regclass, reference.other_attribute, reference.attribute
    ) as query
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
      with ordinality as reference (schema, name, attribute, other_schema, other_name, other_attribute, place)
    join pg_namespace as n on n.nspname = reference.schema
    join pg_class as c on c.relnamespace = n.oid and c.relname = reference.name
    join pg_namespace as m on m.nspname = reference.other_schema
    join pg_class as p on p.relnamespace = m.oid and p.relname = reference.other_name
    order by reference.place
  `,
  values: referenceValues,
};
