import type { CaptureSourceResult, FenceSourceResult } from '#shared/contracts/steps/database-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { openSession, type Session, type SessionAddress } from './session.js';

/** A login that the application uses, at the fenced database. */
export type KnownLogin = SessionAddress;

type Refused = FenceSourceResult['refused'];

/** A server with thousands of tenants has as many logins that PUBLIC lets in. */
const NAMED_ROLES = 50;

/**
 * Proves for every login role that could reach the database that it no longer can: by the server's own answer, and by a
 * real attempt where the password is known.
 * @throws RehomeError FENCE_NOT_PROVEN naming who still can.
 */
export async function proveFence(
  session: Session,
  captured: CaptureSourceResult,
  method: FenceSourceResult['method'],
  options: { readonly signal: AbortSignal; readonly logins?: readonly KnownLogin[] },
): Promise<Refused> {
  const closed = await readClosed(session);
  const roles = await readReachingRoles(session, captured);
  const able = roles.filter((role) => (method === 'ownership-and-limit' ? !closed : role.connect));
  if (able.length > 0) {
    const names = able.map(({ role }) => role).join(', ');
    throw new RehomeError('FENCE_NOT_PROVEN', `these roles can still connect to the fenced database: ${names}`, {
      facts: { roles: able.slice(0, NAMED_ROLES).map(({ role }) => role) },
    });
  }
  const attempts = new Map<string, string>();
  for (const login of options.logins ?? []) attempts.set(login.user, await attempt(login, options.signal));
  const named = roles.slice(0, NAMED_ROLES).map(({ role, connect, administers }) => ({
    role,
    evidence: attempts.get(role) ?? describeEvidence(connect, administers),
  }));
  const rest = roles.length - named.length;
  return rest > 0 ? [...named, { role: 'PUBLIC', evidence: `${String(rest)} more login roles, refused alike` }] : named;
}

interface ReachingRole {
  readonly role: string;
  /** `has_database_privilege(…, 'connect')` now. */
  readonly connect: boolean;
  /** Could act as the administrator that owns the fenced database. */
  readonly administers: boolean;
}

function describeEvidence(connect: boolean, administers: boolean): string {
  if (!connect) return 'has_database_privilege(connect) = false';
  const alone = administers ? 'may act as the administrator' : 'not the owner';
  return `connection limit 0, no superuser, ${alone}`;
}

async function readClosed(session: Session): Promise<boolean> {
  const { rows } = await session.query<{ closed: boolean }>(
    `select datconnlimit = 0 and datdba = (select oid from pg_roles where rolname = current_user) as closed
     from pg_database where datname = current_database()`,
  );
  return rows[0]?.closed ?? false;
}

/** Superusers are administrators: no fence stops them, their sessions are ended, and inspection refuses one as application role. */
async function readReachingRoles(session: Session, captured: CaptureSourceResult): Promise<ReachingRole[]> {
  const { rows } = await session.query<ReachingRole>(
    `with owner as (select oid from pg_roles where rolname = $1),
     granted as (
       select acl.grantee from owner, aclexplode(coalesce($2::text::aclitem[], acldefault('d', owner.oid))) as acl
       where acl.privilege_type = 'CONNECT'
     )
     select r.rolname as role, has_database_privilege(r.oid, d.oid, 'connect') as connect,
       pg_has_role(r.oid, d.datdba, 'member') as administers
     from pg_roles r, pg_database d
     where d.datname = current_database() and r.rolcanlogin and not r.rolsuper and r.rolname <> current_user
       and exists (
         select from granted g
         where g.grantee = 0 or pg_has_role(r.oid, case g.grantee when 0 then r.oid else g.grantee end, 'member')
       )
     order by (r.rolname = $1) desc, exists (select from granted g where g.grantee = r.oid) desc, r.rolname`,
    [captured.owner, captured.acl],
  );
  return rows;
}

/** SQLSTATE 53300 is the connection limit, 42501 the missing right to connect. */
async function attempt(login: KnownLogin, signal: AbortSignal): Promise<string> {
  try {
    const session = await openSession(login, { applicationName: 'rehome fence proof', signal });
    await session.end();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RehomeError && error.sqlState !== undefined)
      return `a real login was refused with ${error.sqlState}`;
    throw error;
  }
  throw new RehomeError(
    'FENCE_NOT_PROVEN',
    `${login.user} could still log in to the fenced database ${login.database}`,
  );
}
