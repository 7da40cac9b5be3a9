import type { ValidationCheck } from '../check.js';
import { referenceValues, requiredValues } from '../references.js';
import { CONFIGURED_ORPHANS, DECLARED_ORPHANS, ROW_NAME } from './orphans.js';

const CLEAN = 'rehome orphans shows them, rehome migration orphans writes a migration that removes them';

export const DATA_CHECKS: readonly ValidationCheck[] = [
  {
    name: 'no-orphans',
    category: 'data',
    message: 'no row refers by a foreign key to a row that is not there',
    remedy: CLEAN,
    ...DECLARED_ORPHANS,
  },
  {
    name: 'references-hold',
    category: 'data',
    message: 'no row refers by a configured reference to a row that is not there',
    remedy: CLEAN,
    ...CONFIGURED_ORPHANS,
  },
  {
    name: 'references-unique',
    category: 'data',
    message: 'what a configured reference refers to is there and tells rows apart',
    remedy: 'correct the reference in project.yaml, or give the referenced column a unique index',
    finds: 'findings',
    applicable: `
      select
      where cardinality($1::text[] || $2::text[] || $3::text[] || $4::text[] || $5::text[] || $6::text[]) > 0
    `,
    sql: `
      select format(
        '%I.%I.%I -> %I.%I.%I', reference.schema, reference.name, reference.attribute,
        reference.other_schema, reference.other_name, reference.other_attribute
      ) as finding
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        as reference (schema, name, attribute, other_schema, other_name, other_attribute)
      where not exists (
        select
        from pg_namespace as n
        join pg_class as c on c.relnamespace = n.oid and c.relname = reference.name
        join pg_attribute as a on a.attrelid = c.oid and a.attname = reference.attribute and not a.attisdropped
        where n.nspname = reference.schema
      ) or not exists (
        select
        from pg_namespace as n
        join pg_class as c on c.relnamespace = n.oid and c.relname = reference.other_name
        join pg_attribute as a on a.attrelid = c.oid and a.attname = reference.other_attribute and not a.attisdropped
        join pg_index as i on i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null
        where n.nspname = reference.other_schema and i.indnkeyatts = 1 and i.indkey[0] = a.attnum
      )
    `,
    values: referenceValues,
  },
  {
    name: 'required-filled',
    category: 'data',
    message: 'no row is empty where the project, or a constraint that was not validated, asks for a value',
    remedy: 'fill the rows, then alter table … validate constraint …',
    finds: 'queries',
    // From PostgreSQL 18 on NOT NULL is a constraint of its own and may be not valid.
    sql: `
      with required as (
        select k.conrelid as relation, a.attname as attribute
        from pg_constraint as k
        join pg_namespace as n on n.oid = k.connamespace
        join pg_attribute as a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
        where n.nspname = any ($1)
          and not k.convalidated
          and (k.contype = 'n' or pg_get_expr(k.conbin, k.conrelid) = format('(%I IS NOT NULL)', a.attname))
        union
        select a.attrelid, wanted.attribute
        from unnest($2::text[], $3::text[], $4::text[]) as wanted (schema, name, attribute)
        join pg_namespace as n on n.nspname = wanted.schema
        join pg_class as c on c.relnamespace = n.oid and c.relname = wanted.name
        join pg_attribute as a on a.attrelid = c.oid and a.attname = wanted.attribute and not a.attisdropped
      )
      select format(
        'select %s || %L as finding from %s as child where child.%I is null',
        ${ROW_NAME('required.relation')}, format(' (%I)', attribute), relation::regclass, attribute
      ) as query
      from required
    `,
    values: (subject) => [subject.schemas, ...requiredValues(subject)],
  },
  {
    name: 'sequences-ahead',
    category: 'data',
    message: 'every sequence is past the values of its column',
    remedy: 'select setval(sequence, max(column)): the next insert fails otherwise',
    finds: 'queries',
    // Of identity and serial columns, and of those that take their default from it. A sequence that was never asked gives
    // its last_value next.
    sql: `
      select format(
        'select %L as finding from %s as sequence, (select %s(%I)::numeric as reached from %s) as column_ '
          || 'where case when sequence.is_called then %s > 0 else %s >= 0 end',
        format('%s of %s (%I)', s.seqrelid::regclass, a.attrelid::regclass, a.attname),
        s.seqrelid::regclass, case when s.seqincrement > 0 then 'max' else 'min' end, a.attname, a.attrelid::regclass,
        ahead.difference, ahead.difference
      ) as query
      from pg_sequence as s
      join pg_class as c on c.oid = s.seqrelid
      join pg_namespace as n on n.oid = c.relnamespace
      join (
        select d.objid as sequence, d.refobjid as relation, d.refobjsubid as attnum
        from pg_depend as d
        where d.classid = 'pg_class'::regclass
          and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
        union
        select d.refobjid, f.adrelid, f.adnum
        from pg_depend as d
        join pg_attrdef as f on f.oid = d.objid
        where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass
      ) as fed on fed.sequence = s.seqrelid
      join pg_class as t on t.oid = fed.relation and not t.relispartition
      join pg_attribute as a
        on a.attrelid = fed.relation and a.attnum = fed.attnum
        and a.atttypid = any ('{int2,int4,int8,numeric}'::regtype[])
      cross join lateral (
        select case
          when s.seqincrement > 0 then '(reached - sequence.last_value)'
          else '(sequence.last_value - reached)'
        end as difference
      ) as ahead
      where n.nspname = any ($1)
        and not s.seqcycle
      order by s.seqrelid::regclass::text, a.attrelid::regclass::text
    `,
    values: ({ schemas }) => [schemas],
  },
];
