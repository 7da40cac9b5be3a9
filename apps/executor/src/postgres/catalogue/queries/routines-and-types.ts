import { NOT_OF_EXTENSION, USER_SCHEMA, type CatalogueQuery } from './catalogue-query.js';

/**
 * Since 14 the arguments of a procedure are written with their mode. So they are left out of its text: its name tells
 * their types, and the rest of them stands beside.
 */
const PROCEDURE = `
    'arguments', case when p.prokind = 'p' then concat_ws(' ',
      p.proargnames, p.proargmodes, pg_get_expr(p.proargdefaults, 0)) end,
    'definition', case p.prokind
      when 'p' then overlay(pg_get_functiondef(p.oid) placing ''
        from position('(' || pg_get_function_arguments(p.oid) || ')' in pg_get_functiondef(p.oid))
        for length(pg_get_function_arguments(p.oid)) + 2)
      when 'a' then null
      else pg_get_functiondef(p.oid)
    end,`;

/** Functions, procedures and window functions whole, aggregates by their parts. */
export const ROUTINES: CatalogueQuery = {
  sql: () => `
select case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as kind,
  p.oid::regprocedure::text as name,
  json_strip_nulls(json_build_object(${PROCEDURE}
    'aggregate', case when p.prokind = 'a' then concat_ws(' ',
      format_type(p.prorettype, null), p.proparallel, a.aggkind, a.aggnumdirectargs, a.aggtransfn::regprocedure, a.aggfinalfn,
      a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn, a.aggfinalextra, a.aggmfinalextra,
      a.aggfinalmodify, a.aggmfinalmodify, a.aggsortop::regoperator, a.aggtranstype::regtype, a.aggtransspace, a.aggmtranstype::regtype,
      a.aggmtransspace, quote_nullable(a.agginitval), quote_nullable(a.aggminitval), pg_get_function_arguments(p.oid)) end
  )) as aspects,
  json_build_object('acl', coalesce(p.proacl, acldefault('f', p.proowner))::text[]) as acls,
  'routine ' || p.oid::regprocedure as clause,
  pg_get_userbyid(p.proowner) as owner
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace and ${USER_SCHEMA('n')}
left join pg_aggregate a on a.aggfnoid = p.oid
where ${NOT_OF_EXTENSION('pg_proc', 'p.oid')}
  -- The constructors of ranges and multiranges come with their type.
  and not exists (
    select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i' and d.refclassid = 'pg_type'::regclass
  )`,
};

const MULTIRANGE = `
    'multirange', (select r.rngmultitypid::regtype::text from pg_range r where r.rngtypid = t.oid),`;

/** Domains, enums, ranges, composite and base types; not the row types of tables, arrays and multiranges, which follow. */
export const TYPES: CatalogueQuery = {
  sql: (major) => `
select case t.typtype when 'd' then 'domain' when 'c' then 'composite type' when 'e' then 'enum' when 'r' then 'range type' else 'type' end as kind,
  format('%I.%I', n.nspname, t.typname) as name,
  json_strip_nulls(json_build_object(
    'base type', case t.typtype when 'd' then format_type(t.typbasetype, t.typtypmod) end,
    'not null', case when t.typtype = 'd' and t.typnotnull then 'yes' end,
    'default', case t.typtype when 'd' then coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) end,
    'collation', case when t.typtype = 'd' and t.typcollation <> 0 then t.typcollation::regcollation::text end,
    'constraints', (
      select string_agg(format('%I %s', k.conname, pg_get_constraintdef(k.oid)), ', ' order by k.conname)
      from pg_constraint k where k.contypid = t.oid and k.contype <> 'n'
    ),
    'labels', (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
    'range', (
      select concat_ws(' ', r.rngsubtype::regtype, nullif(r.rngcollation, 0)::regcollation, r.rngcanonical, r.rngsubdiff,
        (select opcname from pg_opclass o where o.oid = r.rngsubopc))
      from pg_range r where r.rngtypid = t.oid
    ),${major >= 14 ? MULTIRANGE : ''}
    'base', case when t.typtype = 'b' then concat_ws(' ', t.typlen, t.typbyval, t.typcategory, t.typispreferred, t.typdelim, t.typelem::regtype,
      t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze, t.typalign, t.typstorage,
      quote_nullable(t.typdefault)) end,
    'shell', case when not t.typisdefined then 'yes' end
  )) as aspects,
  json_build_object('acl', coalesce(t.typacl, acldefault('T', t.typowner))::text[]) as acls,
  format('%s %I.%I', case t.typtype when 'd' then 'domain' else 'type' end, n.nspname, t.typname) as clause,
  pg_get_userbyid(t.typowner) as owner
from pg_type t
join pg_namespace n on n.oid = t.typnamespace and ${USER_SCHEMA('n')}
left join pg_class c on c.oid = t.typrelid
where t.typtype <> 'm' and (t.typrelid = 0 or c.relkind = 'c')
  and not exists (select from pg_type element where element.typarray = t.oid)
  and ${NOT_OF_EXTENSION('pg_type', 't.oid')}`,
};
