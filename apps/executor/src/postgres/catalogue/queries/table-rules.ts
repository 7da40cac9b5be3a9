import { NOT_OF_EXTENSION, USER_SCHEMA, type CatalogueQuery } from './catalogue-query.js';

const OF_TABLE = (oid: string): string => `
  join pg_class c on c.oid = ${oid}
  join pg_namespace n on n.oid = c.relnamespace and ${USER_SCHEMA('n')}`;

/**
 * Constraints of tables. Foreign keys that PostgreSQL derives for partitions are made again from their parent,
 * under names of its own choice; triggers of constraints are triggers.
 */
export const CONSTRAINTS: CatalogueQuery = {
  sql: () => `
select case k.contype when 'n' then 'not-null constraint' else 'constraint' end as kind,
  format('%I on %I.%I', k.conname, n.nspname, c.relname) as name,
  json_strip_nulls(json_build_object(
    'definition', pg_get_constraintdef(k.oid),
    'inherited', case when not k.conislocal then 'yes' end
  )) as aspects
from pg_constraint k ${OF_TABLE('k.conrelid')}
where k.contype <> 't' and not (k.contype = 'f' and k.conparentid <> 0) and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`,
};

const ENABLED = (column: string): string =>
  `case ${column} when 'O' then 'yes' when 'D' then 'no' when 'R' then 'replica' when 'A' then 'always' end`;

/** Triggers; a partition's copy of its parent's trigger only where it is switched on or off otherwise. */
export const TRIGGERS: CatalogueQuery = {
  sql: () => `
select 'trigger' as kind,
  format('%I on %I.%I', t.tgname, n.nspname, c.relname) as name,
  json_strip_nulls(json_build_object(
    'definition', pg_get_triggerdef(t.oid),
    'enabled', ${ENABLED('t.tgenabled')}
  )) as aspects
from pg_trigger t ${OF_TABLE('t.tgrelid')}
left join pg_trigger parent on parent.oid = t.tgparentid
where ((not t.tgisinternal and t.tgparentid = 0) or (t.tgparentid <> 0 and t.tgconstraint = 0 and t.tgenabled <> parent.tgenabled))
  and ${NOT_OF_EXTENSION('pg_trigger', 't.oid')} and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`,
};

/** Rewrite rules, those that make a view a view excepted. */
export const RULES: CatalogueQuery = {
  sql: () => `
select 'rule' as kind,
  format('%I on %I.%I', r.rulename, n.nspname, c.relname) as name,
  json_build_object('definition', pg_get_ruledef(r.oid), 'enabled', ${ENABLED('r.ev_enabled')}) as aspects
from pg_rewrite r ${OF_TABLE('r.ev_class')}
where r.rulename <> '_RETURN' and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`,
};

/** Policies of row level security. */
export const POLICIES: CatalogueQuery = {
  sql: () => `
select 'policy' as kind,
  format('%I on %I.%I', p.polname, n.nspname, c.relname) as name,
  json_strip_nulls(json_build_object(
    'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
    'permissive', case when p.polpermissive then 'yes' else 'no' end,
    'using', pg_get_expr(p.polqual, p.polrelid),
    'check', pg_get_expr(p.polwithcheck, p.polrelid)
  )) as aspects,
  json_build_object('roles', array(
    select case when member = 0 then 'public' else pg_get_userbyid(member) end from unnest(p.polroles) as member
  )) as roles,
  format('policy %I on %I.%I', p.polname, n.nspname, c.relname) as clause
from pg_policy p ${OF_TABLE('p.polrelid')}
where ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`,
};

/** Extended statistics. */
export const STATISTICS: CatalogueQuery = {
  sql: () => `
select 'statistics' as kind,
  format('%I.%I', sn.nspname, s.stxname) as name,
  json_strip_nulls(json_build_object(
    'definition', pg_get_statisticsobjdef(s.oid),
    'target', nullif(s.stxstattarget, -1)::text
  )) as aspects,
  format('statistics %I.%I', sn.nspname, s.stxname) as clause,
  pg_get_userbyid(s.stxowner) as owner
from pg_statistic_ext s ${OF_TABLE('s.stxrelid')}
join pg_namespace sn on sn.oid = s.stxnamespace
where ${NOT_OF_EXTENSION('pg_statistic_ext', 's.oid')} and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`,
};
