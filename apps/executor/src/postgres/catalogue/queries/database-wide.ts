import { FIRST_USER_OID, NOT_OF_EXTENSION, USER_SCHEMA, type CatalogueQuery } from './catalogue-query.js';

/** What `create database` decides. Owner, access and connection limit are captured before the fence, which changes them. */
export const DATABASE: CatalogueQuery = {
  sql: (major) => `
select 'database' as kind, 'database' as name,
  json_strip_nulls(json_build_object(
    'encoding', pg_encoding_to_char(d.encoding),
    'collate', d.datcollate,
    'ctype', d.datctype,
    'locale provider', ${major >= 15 ? 'd.datlocprovider::text' : `'c'`},
    'locale', ${localeColumn(major)},
    'icu rules', ${major >= 16 ? 'd.daticurules' : 'null::text'}
  )) as aspects
from pg_database d where d.datname = current_database()`,
};

function localeColumn(major: number): string {
  if (major >= 17) return 'd.datlocale';
  return major >= 15 ? 'd.daticulocale' : 'null::text';
}

export const SCHEMAS: CatalogueQuery = {
  sql: () => `
select 'schema' as kind, format('%I', n.nspname) as name, '{}'::json as aspects,
  json_build_object('acl', coalesce(n.nspacl, acldefault('n', n.nspowner))::text[]) as acls,
  format('schema %I', n.nspname) as clause,
  pg_get_userbyid(n.nspowner) as owner
from pg_namespace n
where ${USER_SCHEMA('n')} and ${NOT_OF_EXTENSION('pg_namespace', 'n.oid')}`,
};

/** The owner of an extension cannot be changed, so it is not compared. */
export const EXTENSIONS: CatalogueQuery = {
  sql: () => `
select 'extension' as kind, format('%I', e.extname) as name,
  json_build_object('version', e.extversion, 'schema', format('%I', n.nspname)) as aspects
from pg_extension e join pg_namespace n on n.oid = e.extnamespace`,
};

export const EVENT_TRIGGERS: CatalogueQuery = {
  sql: () => `
select 'event trigger' as kind, format('%I', e.evtname) as name,
  json_strip_nulls(json_build_object(
    'event', e.evtevent, 'function', e.evtfoid::regprocedure::text, 'tags', array_to_string(e.evttags, ', '),
    'enabled', case e.evtenabled when 'O' then 'yes' when 'D' then 'no' when 'R' then 'replica' when 'A' then 'always' end
  )) as aspects,
  format('event trigger %I', e.evtname) as clause,
  pg_get_userbyid(e.evtowner) as owner
from pg_event_trigger e
where ${NOT_OF_EXTENSION('pg_event_trigger', 'e.oid')}`,
};

export const PUBLICATIONS: CatalogueQuery = {
  sql: (major) => `
select 'publication' as kind, format('%I', p.pubname) as name,
  json_strip_nulls(json_build_object(
    'publishes', concat_ws(' ', case when p.puballtables then 'all tables' end, case when p.pubinsert then 'insert' end,
      case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end,
      case when p.pubviaroot then 'via root' end),
    'tables', (
      select string_agg(concat_ws(' ', t.prrelid::regclass${
        major >= 15
          ? `, pg_get_expr(t.prqual, t.prrelid), (
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
        where a.attrelid = t.prrelid and a.attnum = any (t.prattrs))`
          : ''
      }), ', ' order by t.prrelid::regclass::text)
      from pg_publication_rel t where t.prpubid = p.oid
    )${
      major >= 15
        ? `,
    'schemas', (
      select string_agg(s.pnnspid::regnamespace::text, ', ' order by s.pnnspid::regnamespace::text)
      from pg_publication_namespace s where s.pnpubid = p.oid
    )`
        : ''
    }
  )) as aspects,
  format('publication %I', p.pubname) as clause,
  pg_get_userbyid(p.pubowner) as owner
from pg_publication p
where ${NOT_OF_EXTENSION('pg_publication', 'p.oid')}`,
};

/** What `alter default privileges` says; `{role}` is the role whose later objects it is about. */
export const DEFAULT_PRIVILEGES: CatalogueQuery = {
  sql: () => `
select 'default privileges' as kind,
  format('for {role}%s on %s', ' in schema ' || nullif(d.defaclnamespace, 0)::regnamespace, case d.defaclobjtype when 'r' then 'tables'
    when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end) as name,
  pg_get_userbyid(d.defaclrole) as named_role,
  '{}'::json as aspects,
  json_build_object('acl', d.defaclacl::text[]) as acls,
  case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' when 'n' then 'schemas'
    else 'large objects' end as clause,
  case when d.defaclnamespace <> 0 then d.defaclnamespace::regnamespace::text end as grant_column
from pg_default_acl d`,
};

/**
 * Grants that somebody changed on what came with an extension or with PostgreSQL itself, such as
 * `revoke execute on function pg_sleep(…) from public`. `pg_dump` carries them, except for information_schema; the owner
 * may differ per server.
 */
export const SHIPPED_PRIVILEGES: CatalogueQuery = {
  sql: () => {
    const shipped = (catalogue: string, oid: string, column: string): string =>
      `left join pg_init_privs i on i.classoid = '${catalogue}'::regclass and i.objoid = ${oid} and i.objsubid = 0
       where ${column} is distinct from i.initprivs and not (${NOT_OF_EXTENSION(catalogue, oid)} and ${oid} >= ${String(FIRST_USER_OID)})`;
    return `
select 'grants on shipped ' || kind as kind, name, '{}'::json as aspects,
  json_build_object('acl', coalesce(acl, standard)::text[]) as acls,
  clause, null::text as owner
from (
  select 'relation' as kind, c.oid::regclass::text as name, c.relacl as acl, acldefault('r', c.relowner) as standard,
    'table ' || c.oid::regclass as clause
  from pg_class c ${shipped('pg_class', 'c.oid', 'c.relacl')} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and c.relnamespace <> 'information_schema'::regnamespace
  union all
  select 'routine', p.oid::regprocedure::text, p.proacl, acldefault('f', p.proowner), 'routine ' || p.oid::regprocedure
  from pg_proc p ${shipped('pg_proc', 'p.oid', 'p.proacl')}
  union all
  select 'type', t.oid::regtype::text, t.typacl, acldefault('T', t.typowner), 'type ' || t.oid::regtype
  from pg_type t ${shipped('pg_type', 't.oid', 't.typacl')} and t.typtype <> 'd'
  union all
  select 'schema', n.oid::regnamespace::text, n.nspacl, acldefault('n', n.nspowner), 'schema ' || n.oid::regnamespace
  from pg_namespace n ${shipped('pg_namespace', 'n.oid', 'n.nspacl')} and n.nspname <> 'public'
    and n.nspname !~ '^pg_(toast|temp)' and n.nspname <> 'information_schema'
  union all
  select 'language', quote_ident(l.lanname), l.lanacl, acldefault('l', l.lanowner), format('language %I', l.lanname)
  from pg_language l ${shipped('pg_language', 'l.oid', 'l.lanacl')}
) as changed`;
  },
};

/** Comments on everything but the database, whose comment carries our marker, and what an extension brought along. */
export const COMMENTS: CatalogueQuery = {
  sql: () => `
select 'comment' as kind, concat_ws(' ', o.type, o.identity) as name, json_build_object('comment', d.description) as aspects
from pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) as o
where (d.objoid >= ${String(FIRST_USER_OID)} or (d.classoid = 'pg_namespace'::regclass and d.objoid = 'public'::regnamespace))
  and o.identity is not null
  and not exists (
    select from pg_depend member where member.classid = d.classoid and member.objid = d.objoid and member.deptype = 'e'
  )`,
};

export const SECURITY_LABELS: CatalogueQuery = {
  sql: () => `
select 'security label' as kind, concat_ws(' ', l.provider, l.objtype, l.objname) as name, json_build_object('label', l.label) as aspects
from pg_seclabels l
where l.objtype not in ('role', 'tablespace', 'database')`,
};
