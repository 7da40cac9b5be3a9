import { quoteLiteral } from '#shared/database/identifier.js';
import { FIRST_USER_OID, type CatalogueQuery } from './catalogue-query.js';

/**
 * Settings of the database and of roles in it. A role's own settings (`alter role r set …`) count where the database
 * says nothing, because the application runs with them; `origin` tells the two apart.
 */
export const SETTINGS: CatalogueQuery = {
  sql: (_major, owner) => `
select case when s.setrole = 0 then 'database setting' else 'role setting' end as kind,
  case when s.setrole = 0 then setting.name else setting.name || ' of {role}' end as name,
  case when s.setrole <> 0 then pg_get_userbyid(s.setrole) end as named_role,
  json_build_object(
    'value', setting.value,
    'setting', setting.name,
    'origin', case when s.setdatabase = 0 then 'role' else 'database' end
  ) as aspects
from pg_db_role_setting s
cross join unnest(s.setconfig) as config
cross join lateral (select split_part(config, '=', 1) as name, substr(config, strpos(config, '=') + 1) as value) as setting
where s.setdatabase = (select oid from pg_database where datname = current_database())
  or (
    s.setdatabase = 0 and s.setrole in (select role from (${mentionedRoles(owner)}) as mentioned (role))
    and not exists (
      select from pg_db_role_setting o, unnest(o.setconfig) as other
      where o.setrole = s.setrole and o.setdatabase = (select oid from pg_database where datname = current_database())
        and split_part(other, '=', 1) = setting.name
    )
  )`,
};

/**
 * Query for the oids of the roles that own something here, are granted something or stand in a policy, and of the
 * role that owns the database when nothing is fenced; PostgreSQL's own roles excepted. `pg_shdepend` records each mention.
 */
export function mentionedRoles(owner: string): string {
  return `
    select d.refobjid from pg_shdepend d
    where d.refclassid = 'pg_authid'::regclass and d.refobjid >= ${String(FIRST_USER_OID)}
      and d.dbid = (select oid from pg_database where datname = current_database())
    union
    select r.oid from pg_roles r where r.rolname = ${quoteLiteral(owner)} and r.oid >= ${String(FIRST_USER_OID)}`;
}
