import type { Session } from '../postgres/session.js';
import type { GrantedRoles } from './application-grants.js';

/**
 * Whether an application lacks anything of `applicationGrants` in any of these schemas, by itself or by a role that it
 * inherits from. A role that is not there lacks nothing. Reads only.
 */
export async function lacksGrants(
  session: Session,
  schemas: readonly string[],
  { owner, application }: GrantedRoles,
): Promise<boolean> {
  const { rows } = await session.query<{ lacks: boolean }>(
    `select exists (
       select from pg_namespace as n
         join pg_roles as app on app.rolname = $2
        where n.nspname = any ($1)
          and (not has_schema_privilege(app.oid, n.oid, 'usage')
            or exists (
              select from pg_class as c
               where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
                 and not (has_table_privilege(app.oid, c.oid, 'select') and has_table_privilege(app.oid, c.oid, 'insert')
                      and has_table_privilege(app.oid, c.oid, 'update') and has_table_privilege(app.oid, c.oid, 'delete')))
            or exists (
              select from pg_class as c
               where c.relnamespace = n.oid and c.relkind = 'S'
                 and not (has_sequence_privilege(app.oid, c.oid, 'usage') and has_sequence_privilege(app.oid, c.oid, 'select')))
            or 2 > (
              select count(*)
                from pg_default_acl as d
                join pg_roles as making on making.oid = d.defaclrole and making.rolname = $3
               where d.defaclnamespace = n.oid and d.defaclobjtype in ('r', 'S')
                 and exists (select from aclexplode(d.defaclacl) as granted where granted.grantee = app.oid)))
     ) as lacks`,
    [schemas, application, owner],
  );
  return rows[0]?.lacks === true;
}
