import { quoteIdentifier, quoteLiteral } from '#shared/database/identifier.js';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { Session } from '../session.js';
import { judge } from './check.js';

interface Powers {
  readonly admin: string;
  readonly superuser: boolean;
  readonly createDatabase: boolean;
  readonly memberOfOwner: boolean;
  readonly signal: boolean;
  readonly bypassRls: boolean;
  readonly needsBypass: boolean;
  readonly unreadable: readonly string[];
  readonly unreadableLargeObjects: number;
}

/** What the administrator needs to fence, dump and read the database, each missing right with its statement. A superuser has it all. */
export async function checkSourcePrivileges(session: Session, owner: string): Promise<PreflightCheck> {
  const powers = await readPowers(session, owner);
  const missing = powers.superuser ? [] : missingPowers(powers, owner);
  const fine = powers.superuser ? `${powers.admin} is a superuser` : `${powers.admin} has every right that is needed`;
  const found = `${powers.admin} ${missing.map(({ what }) => what).join('; ')}`;
  const remedy = missing.map(({ statement }) => statement).join('; ');
  return judge('source-privileges', 'error', fine, missing.length > 0 ? { found, remedy } : undefined);
}

function missingPowers(powers: Powers, owner: string): { what: string; statement: string }[] {
  const admin = quoteIdentifier(powers.admin);
  const missing: { what: string; statement: string }[] = [];
  const lacks = (present: boolean, what: string, statement: string): void => {
    if (!present) missing.push({ what, statement });
  };
  lacks(powers.memberOfOwner, `is no member of ${owner}`, `grant ${quoteIdentifier(owner)} to ${admin}`);
  lacks(powers.createDatabase, 'may not take the ownership of a database', `alter role ${admin} createdb`);
  lacks(powers.signal, 'may not end sessions of others', `grant pg_signal_backend to ${admin}`);
  lacks(powers.bypassRls || !powers.needsBypass, 'would be stopped by row security', `alter role ${admin} bypassrls`);
  const readAll = powers.unreadable.map((table) => `grant select on ${table} to ${admin}`).join('; ');
  lacks(powers.unreadable.length === 0, `cannot read ${powers.unreadable.join(', ')}`, readAll);
  const readLargeObjects = `select format('grant select on large object %s to %I', oid, ${quoteLiteral(powers.admin)}) from pg_largeobject_metadata \\gexec`;
  lacks(
    powers.unreadableLargeObjects === 0,
    `cannot read ${String(powers.unreadableLargeObjects)} large objects`,
    readLargeObjects,
  );
  return missing;
}

async function readPowers(session: Session, owner: string): Promise<Powers> {
  const { rows } = await session.query<Powers>(
    `select r.rolname as admin, r.rolsuper as superuser, r.rolcreatedb as "createDatabase", r.rolbypassrls as "bypassRls",
       coalesce((select pg_has_role(r.oid, o.oid, 'member') from pg_roles o where o.rolname = $1), false) as "memberOfOwner",
       pg_has_role(r.oid, 'pg_signal_backend', 'usage') as signal,
       exists (select from pg_class c where c.relrowsecurity) as "needsBypass",
       array(
         select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p', 'm', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
           and not (has_schema_privilege(r.oid, n.oid, 'usage')
             and case c.relkind when 'S' then has_sequence_privilege(r.oid, c.oid, 'select') else has_table_privilege(r.oid, c.oid, 'select') end)
         order by 1 limit 20
       ) as unreadable,
       (select count(*)::int from pg_largeobject_metadata l
        where not pg_has_role(r.oid, l.lomowner, 'usage') and not exists (
          select from aclexplode(l.lomacl) as acl
          where acl.privilege_type = 'SELECT' and (acl.grantee = 0 or pg_has_role(r.oid, case acl.grantee when 0 then r.oid else acl.grantee end, 'usage'))
        )) as "unreadableLargeObjects"
     from pg_roles r where r.rolname = current_user`,
    [owner],
  );
  const row = rows[0];
  if (!row) throw new TypeError('the session has no role');
  return row;
}
