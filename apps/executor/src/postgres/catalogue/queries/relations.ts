import { NOT_OF_EXTENSION, USER_SCHEMA, type CatalogueQuery } from './catalogue-query.js';

const RELATION = `
  pg_class c
  join pg_namespace n on n.oid = c.relnamespace and ${USER_SCHEMA('n')}`;

/** Tables, partitioned tables, views, materialized views and foreign tables. */
export const RELATIONS: CatalogueQuery = {
  sql: () => `
select
  case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end as kind,
  format('%I.%I', n.nspname, c.relname) as name,
  json_strip_nulls(json_build_object(
    'partitioned', case c.relkind when 'p' then 'yes' end,
    'persistence', case c.relpersistence when 'u' then 'unlogged' when 'p' then 'permanent' else c.relpersistence::text end,
    'options', (select string_agg(option, ', ' order by option) from unnest(c.reloptions) as option),
    'toast options', (
      select string_agg(option, ', ' order by option)
      from pg_class toast, unnest(toast.reloptions) as option where toast.oid = c.reltoastrelid
    ),
    'row security', case when c.relforcerowsecurity and c.relrowsecurity then 'forced' when c.relrowsecurity then 'enabled'
      when c.relforcerowsecurity then 'forced when enabled' end,
    'replica identity', case c.relreplident when 'f' then 'full' when 'n' then 'nothing'
      when 'i' then (select 'index ' || i.indexrelid::regclass from pg_index i where i.indrelid = c.oid and i.indisreplident) end,
    'partition key', case c.relkind when 'p' then pg_get_partkeydef(c.oid) end,
    'partition bound', case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end,
    'parents', (
      select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) from pg_inherits i where i.inhrelid = c.oid
    ),
    'access method', case when c.relkind in ('r', 'm') then am.amname end,
    'of type', case when c.reloftype <> 0 then c.reloftype::regtype::text end,
    'populated', case c.relkind when 'm' then c.relispopulated::text end,
    'clustered on', (select i.indexrelid::regclass::text from pg_index i where i.indrelid = c.oid and i.indisclustered),
    'server', (
      select format('%I', s.srvname) from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver where f.ftrelid = c.oid
    ),
    'foreign options', (
      select string_agg(option, ', ' order by option) from pg_foreign_table f, unnest(f.ftoptions) as option where f.ftrelid = c.oid
    ),
    'definition', case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end
  )) as aspects,
  json_build_object('acl', coalesce(c.relacl, acldefault('r', c.relowner))::text[]) as acls,
  format('%s %I.%I', case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
    else 'table' end, n.nspname, c.relname) as clause,
  pg_get_userbyid(c.relowner) as owner
from ${RELATION}
left join pg_am am on am.oid = c.relam
where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`,
};

/** Columns of everything that has some, composite types included. */
export const COLUMNS: CatalogueQuery = {
  sql: (major) => `
select 'column' as kind,
  format('%I.%I.%I', n.nspname, c.relname, a.attname) as name,
  json_strip_nulls(json_build_object(
    'position', row_number() over (partition by a.attrelid order by a.attnum)::text,
    'type', format_type(a.atttypid, a.atttypmod),
    'not null', case when a.attnotnull then 'yes' end,
    'default', pg_get_expr(d.adbin, d.adrelid),
    'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
    'generated', case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end,
    'collation', case when a.attcollation <> 0 and a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
    'storage', case when c.relkind in ('r', 'p', 'm') and a.attstorage <> t.typstorage then a.attstorage end,
    ${major >= 14 ? `'compression', nullif(a.attcompression, ''),` : ''}
    'statistics target', nullif(a.attstattarget, -1)::text,
    'options', (select string_agg(option, ', ' order by option) from unnest(a.attoptions) as option),
    'foreign options', (select string_agg(option, ', ' order by option) from unnest(a.attfdwoptions) as option),
    'inherited', case when not a.attislocal then 'yes' end
  )) as aspects,
  case when a.attacl is not null then json_build_object('acl', a.attacl::text[]) else json_build_object('acl', '{}'::text[]) end as acls,
  format('table %I.%I', n.nspname, c.relname) as clause,
  pg_get_userbyid(c.relowner) as owner,
  quote_ident(a.attname) as grant_column
from ${RELATION}
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`,
};

/** Definitions of sequences; where they stand is content. */
export const SEQUENCES: CatalogueQuery = {
  sql: () => `
select 'sequence' as kind,
  format('%I.%I', n.nspname, c.relname) as name,
  json_strip_nulls(json_build_object(
    'type', s.seqtypid::regtype::text,
    'start', s.seqstart::text, 'increment', s.seqincrement::text, 'minimum', s.seqmin::text, 'maximum', s.seqmax::text,
    'cache', s.seqcache::text, 'cycle', case when s.seqcycle then 'yes' end,
    'persistence', case c.relpersistence when 'u' then 'unlogged' end,
    'owned by', (
      select format('%s.%I', d.refobjid::regclass, a.attname) || case d.deptype when 'i' then ' (identity)' else '' end
      from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
    )
  )) as aspects,
  json_build_object('acl', coalesce(c.relacl, acldefault('s', c.relowner))::text[]) as acls,
  format('sequence %I.%I', n.nspname, c.relname) as clause,
  pg_get_userbyid(c.relowner) as owner
from ${RELATION}
join pg_sequence s on s.seqrelid = c.oid
where ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`,
};

/** Indexes that are usable; `pg_dump` leaves out those that a failed `create index concurrently` left behind. */
export const INDEXES: CatalogueQuery = {
  sql: () => `
select 'index' as kind,
  format('%I.%I', n.nspname, c.relname) as name,
  json_strip_nulls(json_build_object(
    'table', i.indrelid::regclass::text,
    'definition', pg_get_indexdef(i.indexrelid),
    'statistics targets', (
      select string_agg(a.attnum || ': ' || a.attstattarget, ', ' order by a.attnum)
      from pg_attribute a where a.attrelid = i.indexrelid and a.attstattarget >= 0
    ),
    'attached to', (select h.inhparent::regclass::text from pg_inherits h where h.inhrelid = i.indexrelid)
  )) as aspects
from ${RELATION}
join pg_index i on i.indexrelid = c.oid
join pg_class t on t.oid = i.indrelid
where (i.indisvalid or t.relkind = 'p') and i.indisready and ${NOT_OF_EXTENSION('pg_class', 't.oid')}
  and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`,
};
