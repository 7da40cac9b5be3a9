import { FIRST_USER_OID, NOT_OF_EXTENSION, USER_SCHEMA, type CatalogueQuery } from './catalogue-query.js';

const OWN = (catalogue: string, oid: string): string =>
  `${oid} >= ${String(FIRST_USER_OID)} and ${NOT_OF_EXTENSION(catalogue, oid)}`;

export const OPERATORS: CatalogueQuery = {
  sql: () => `
select 'operator' as kind, o.oid::regoperator::text as name,
  json_build_object('definition', concat_ws(' ', o.oprkind, o.oprcanmerge, o.oprcanhash, o.oprresult::regtype, o.oprcom::regoperator,
    o.oprnegate::regoperator, o.oprcode, o.oprrest, o.oprjoin)) as aspects,
  'operator ' || format('%I.%s', n.nspname, o.oprname) || format(' (%s, %s)',
    coalesce(nullif(o.oprleft, 0)::regtype::text, 'none'), coalesce(nullif(o.oprright, 0)::regtype::text, 'none')) as clause,
  pg_get_userbyid(o.oprowner) as owner
from pg_operator o join pg_namespace n on n.oid = o.oprnamespace and ${USER_SCHEMA('n')}
where ${OWN('pg_operator', 'o.oid')}`,
};

/** Families with the operators and functions in them; the classes name their family. */
export const OPERATOR_FAMILIES: CatalogueQuery = {
  sql: () => `
select 'operator family' as kind, format('%I.%I using %I', n.nspname, f.opfname, m.amname) as name,
  json_strip_nulls(json_build_object(
    'operators', (select string_agg(concat_ws(' ', a.amopstrategy, a.amoppurpose, a.amopopr::regoperator, nullif(a.amopsortfamily, 0)::text is not null), ', '
      order by a.amoplefttype::regtype::text, a.amoprighttype::regtype::text, a.amopstrategy) from pg_amop a where a.amopfamily = f.oid),
    'functions', (select string_agg(concat_ws(' ', a.amprocnum, a.amproc::regprocedure), ', '
      order by a.amproclefttype::regtype::text, a.amprocrighttype::regtype::text, a.amprocnum) from pg_amproc a where a.amprocfamily = f.oid)
  )) as aspects,
  format('operator family %I.%I using %I', n.nspname, f.opfname, m.amname) as clause,
  pg_get_userbyid(f.opfowner) as owner
from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace and ${USER_SCHEMA('n')} join pg_am m on m.oid = f.opfmethod
where ${OWN('pg_opfamily', 'f.oid')}`,
};

export const OPERATOR_CLASSES: CatalogueQuery = {
  sql: () => `
select 'operator class' as kind, format('%I.%I using %I', n.nspname, o.opcname, m.amname) as name,
  json_build_object('definition', concat_ws(' ', o.opcintype::regtype, o.opcdefault, nullif(o.opckeytype, 0)::regtype,
    (select format('%I.%I', fn.nspname, f.opfname) from pg_opfamily f join pg_namespace fn on fn.oid = f.opfnamespace where f.oid = o.opcfamily)
  )) as aspects,
  format('operator class %I.%I using %I', n.nspname, o.opcname, m.amname) as clause,
  pg_get_userbyid(o.opcowner) as owner
from pg_opclass o join pg_namespace n on n.oid = o.opcnamespace and ${USER_SCHEMA('n')} join pg_am m on m.oid = o.opcmethod
where ${OWN('pg_opclass', 'o.oid')}`,
};

export const CASTS: CatalogueQuery = {
  sql: () => `
select 'cast' as kind, format('(%s as %s)', c.castsource::regtype, c.casttarget::regtype) as name,
  json_build_object('definition', concat_ws(' ', nullif(c.castfunc, 0)::regprocedure, c.castcontext, c.castmethod)) as aspects
from pg_cast c where ${OWN('pg_cast', 'c.oid')}
  -- From a range to its multirange: comes with the type.
  and not exists (select from pg_depend d where d.classid = 'pg_cast'::regclass and d.objid = c.oid and d.deptype = 'i')`,
};

export const COLLATIONS: CatalogueQuery = {
  sql: (major) => `
select 'collation' as kind, format('%I.%I', n.nspname, c.collname) as name,
  json_build_object('definition', concat_ws(' ', c.collprovider, c.collisdeterministic, c.collcollate, c.collctype${
    major >= 17 ? ', c.colllocale' : major >= 15 ? ', c.colliculocale' : ''
  }${major >= 16 ? ', c.collicurules' : ''})) as aspects,
  format('collation %I.%I', n.nspname, c.collname) as clause,
  pg_get_userbyid(c.collowner) as owner
from pg_collation c join pg_namespace n on n.oid = c.collnamespace and ${USER_SCHEMA('n')}
where ${OWN('pg_collation', 'c.oid')}`,
};

export const CONVERSIONS: CatalogueQuery = {
  sql: () => `
select 'conversion' as kind, format('%I.%I', n.nspname, c.conname) as name,
  json_build_object('definition', concat_ws(' ', pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc, c.condefault)) as aspects,
  format('conversion %I.%I', n.nspname, c.conname) as clause,
  pg_get_userbyid(c.conowner) as owner
from pg_conversion c join pg_namespace n on n.oid = c.connamespace and ${USER_SCHEMA('n')}
where ${OWN('pg_conversion', 'c.oid')}`,
};

export const TEXT_SEARCH: CatalogueQuery = {
  sql: () => `
select 'text search configuration' as kind, format('%I.%I', n.nspname, c.cfgname) as name,
  json_build_object('parser', c.cfgparser::text, 'mappings', (
    select string_agg(concat_ws(' ', m.maptokentype, m.mapdict::regdictionary), ', ' order by m.maptokentype, m.mapseqno)
    from pg_ts_config_map m where m.mapcfg = c.oid
  )) as aspects,
  format('text search configuration %I.%I', n.nspname, c.cfgname) as clause,
  pg_get_userbyid(c.cfgowner) as owner
from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace and ${USER_SCHEMA('n')}
where ${OWN('pg_ts_config', 'c.oid')}
union all
select 'text search dictionary', format('%I.%I', n.nspname, d.dictname),
  json_build_object('definition', concat_ws(' ', (select t.tmplname from pg_ts_template t where t.oid = d.dicttemplate), d.dictinitoption)),
  format('text search dictionary %I.%I', n.nspname, d.dictname),
  pg_get_userbyid(d.dictowner)
from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace and ${USER_SCHEMA('n')}
where ${OWN('pg_ts_dict', 'd.oid')}
union all
select 'text search parser', format('%I.%I', n.nspname, p.prsname),
  json_build_object('definition', concat_ws(' ', p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype)), null, null
from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace and ${USER_SCHEMA('n')}
where ${OWN('pg_ts_parser', 'p.oid')}
union all
select 'text search template', format('%I.%I', n.nspname, t.tmplname),
  json_build_object('definition', concat_ws(' ', t.tmplinit, t.tmpllexize)), null, null
from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace and ${USER_SCHEMA('n')}
where ${OWN('pg_ts_template', 't.oid')}`,
};

export const LANGUAGES: CatalogueQuery = {
  sql: () => `
select 'language' as kind, format('%I', l.lanname) as name,
  json_build_object('definition', concat_ws(' ', l.lanpltrusted, nullif(l.lanplcallfoid, 0)::regprocedure, nullif(l.laninline, 0)::regprocedure,
    nullif(l.lanvalidator, 0)::regprocedure)) as aspects,
  json_build_object('acl', coalesce(l.lanacl, acldefault('l', l.lanowner))::text[]) as acls,
  format('language %I', l.lanname) as clause,
  pg_get_userbyid(l.lanowner) as owner
from pg_language l where ${OWN('pg_language', 'l.oid')}`,
};

export const TRANSFORMS_AND_METHODS: CatalogueQuery = {
  sql: () => `
select 'transform' as kind, format('for %s language %I', t.trftype::regtype, l.lanname) as name,
  json_build_object('definition', concat_ws(' ', nullif(t.trffromsql, 0)::regprocedure, nullif(t.trftosql, 0)::regprocedure)) as aspects
from pg_transform t join pg_language l on l.oid = t.trflang where ${OWN('pg_transform', 't.oid')}
union all
select 'access method', format('%I', m.amname), json_build_object('definition', concat_ws(' ', m.amtype, m.amhandler::regproc))
from pg_am m where ${OWN('pg_am', 'm.oid')}`,
};

/** Options of user mappings hold passwords: only their digest is read. */
export const FOREIGN_DATA: CatalogueQuery = {
  sql: () => `
select 'foreign data wrapper' as kind, format('%I', w.fdwname) as name, null::text as named_role,
  json_build_object('definition', concat_ws(' ', nullif(w.fdwhandler, 0)::regprocedure, nullif(w.fdwvalidator, 0)::regprocedure),
    'options', md5(array_to_string(w.fdwoptions, ', '))) as aspects,
  json_build_object('acl', coalesce(w.fdwacl, acldefault('F', w.fdwowner))::text[]) as acls,
  format('foreign data wrapper %I', w.fdwname) as clause, pg_get_userbyid(w.fdwowner) as owner
from pg_foreign_data_wrapper w where ${OWN('pg_foreign_data_wrapper', 'w.oid')}
union all
select 'foreign server', format('%I', s.srvname), null,
  json_build_object('definition', concat_ws(' ', (select w.fdwname from pg_foreign_data_wrapper w where w.oid = s.srvfdw), s.srvtype, s.srvversion),
    'options', md5(array_to_string(s.srvoptions, ', '))),
  json_build_object('acl', coalesce(s.srvacl, acldefault('S', s.srvowner))::text[]),
  format('foreign server %I', s.srvname), pg_get_userbyid(s.srvowner)
from pg_foreign_server s where ${OWN('pg_foreign_server', 's.oid')}
union all
select 'user mapping', format('for {role} server %I', s.srvname), u.usename::text,
  json_build_object('options', md5(array_to_string(u.umoptions, ', '))), null, null, null
from pg_user_mappings u join pg_foreign_server s on s.oid = u.srvid`,
};
