import { quoteIdentifier } from '#shared/database/identifier.js';
import type { CaptureSourceResult, FenceSourceResult } from '#shared/contracts/steps/database-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { mapAcl, parseAclItem, type AclItem } from './catalogue/acl.js';
import type { MapRole } from './catalogue/structure.js';
import { drainDatabase, type DrainOptions } from './fence-drain.js';
import { proveFence, type KnownLogin } from './fence-proof.js';
import { grantStatements, roleClause } from './grants.js';
import { inTransaction, type Session } from './session.js';

export interface FenceOptions extends DrainOptions {
  /** Application logins whose password is known: each must be refused when it really tries. */
  readonly logins?: readonly KnownLogin[];
}

/**
 * What `liftFence` puts back, of the database that the session is in. Taken by an earlier step than the fence: a second
 * attempt at fencing would capture its own work.
 */
export async function captureDatabase(session: Session): Promise<CaptureSourceResult> {
  const state = await readAccess(session);
  const { rows } = await session.query<{ name: string }>(
    `select subname as name from pg_subscription
     where subdbid = (select oid from pg_database where datname = current_database()) and subenabled
     order by subname`,
  );
  return {
    owner: state.owner,
    connectionLimit: state.connectionLimit,
    allowConnections: state.allowConnections,
    acl: state.aclText,
    enabledSubscriptions: rows.map(({ name }) => name),
  };
}

/**
 * Lets nobody but the administrator into the session's database, ends every session there, and proves it. May be repeated.
 *
 * A superuser takes the ownership, else the owner could lift the limit from another database, and sets connection
 * limit 0, which only superusers pass. Who is no superuser needs the right to connect itself, takes the ownership and
 * revokes CONNECT from everybody else; grants that others passed on fall with those they came from. No role is altered
 * and no other database is touched, so neighbours notice nothing.
 * @throws RehomeError FENCE_NOT_PROVEN naming who can still write.
 */
export async function fenceDatabase(
  session: Session,
  captured: CaptureSourceResult,
  options: FenceOptions,
): Promise<FenceSourceResult> {
  const before = await readAccess(session);
  const method = before.superuser ? 'ownership-and-limit' : 'revoke-per-grantor';
  const statements = [
    ...captured.enabledSubscriptions.map((name) => `alter subscription ${quoteIdentifier(name)} disable`),
    ...ownerStatements(before, before.admin),
    ...(before.superuser ? limitStatements(before, 0) : revokeConnect(before)),
  ];
  await runTogether(session, statements);
  const terminatedSessions = await drainDatabase(session, options);
  const refused = await proveFence(session, captured, method, options);
  const { rows } = await session.query<{ lsn: string }>(`select pg_current_wal_lsn()::text as lsn`);
  return { method, terminatedSessions, refused, lsn: rows[0]?.lsn ?? '' };
}

/** Exact statements of `fenceDatabase` for a dry run. */
export function describeFence(database: string, admin: string): string[] {
  const name = quoteIdentifier(database);
  return [
    `alter database ${name} owner to ${quoteIdentifier(admin)}`,
    `alter database ${name} connection limit 0`,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  ];
}

/** Puts owner, grants, connection limit and subscriptions of the session's database back as they were captured. May be repeated. */
export async function liftFence(session: Session, captured: CaptureSourceResult): Promise<void> {
  const now = await readAccess(session);
  await runTogether(session, ownerStatements(now, captured.owner));
  // PostgreSQL rewrites the grants when the owner changes, so they are compared after that.
  const owned = await readAccess(session);
  const desired = await parseAcl(session, captured.acl, captured.owner);
  const on = `database ${quoteIdentifier(owned.database)}`;
  await runTogether(session, [
    ...grantStatements({ on, owner: captured.owner, current: owned.acl, desired }),
    ...limitStatements(owned, captured.connectionLimit),
    ...(owned.allowConnections === captured.allowConnections
      ? []
      : [`alter ${on} allow_connections ${String(captured.allowConnections)}`]),
  ]);
  await runTogether(
    session,
    captured.enabledSubscriptions.map((name) => `alter subscription ${quoteIdentifier(name)} enable`),
  );
}

/** `open`: as captured; `fenced`: nobody is let in, though sessions may be left; `partial`: neither. */
export async function fenceState(
  session: Session,
  captured: CaptureSourceResult,
): Promise<'open' | 'fenced' | 'partial'> {
  const now = await readAccess(session);
  const closed = now.superuser
    ? now.connectionLimit === 0
    : now.acl.every((item) => !mayConnect(item) || item.grantee === now.admin);
  if (closed && now.owner === now.admin) return 'fenced';
  const desired = await parseAcl(session, captured.acl, captured.owner);
  const same =
    now.owner === captured.owner &&
    now.connectionLimit === captured.connectionLimit &&
    now.allowConnections === captured.allowConnections &&
    JSON.stringify(now.acl) === JSON.stringify(desired);
  return same ? 'open' : 'partial';
}

interface Access {
  readonly database: string;
  readonly owner: string;
  readonly connectionLimit: number;
  readonly allowConnections: boolean;
  readonly aclText: string | null;
  /** Effective, the default written out. */
  readonly acl: readonly AclItem[];
  readonly admin: string;
  readonly superuser: boolean;
}

async function readAccess(session: Session): Promise<Access> {
  const { rows } = await session.query<Omit<Access, 'acl'> & { acl: string[] }>(
    `select d.datname as database, pg_get_userbyid(d.datdba) as owner, d.datconnlimit as "connectionLimit",
       d.datallowconn as "allowConnections", d.datacl::text as "aclText",
       coalesce(d.datacl, acldefault('d', d.datdba))::text[] as acl,
       current_user::text as admin, r.rolsuper as superuser
     from pg_database d, pg_roles r
     where d.datname = current_database() and r.rolname = current_user`,
  );
  const row = rows[0];
  if (!row) throw new RehomeError('INTERNAL', 'the session is in no database');
  return { ...row, acl: mapAcl(row.acl.map(parseAclItem), (role) => role) };
}

/** Grants on the source database as they were captured, roles as the target calls them. The session is at the source. */
export async function readCapturedAcl(
  session: Session,
  captured: CaptureSourceResult,
  mapRole: MapRole,
): Promise<AclItem[]> {
  return mapAcl(await parseAcl(session, captured.acl, captured.owner), mapRole);
}

/** Text of `datacl` as the server reads it; null stands for the default. */
async function parseAcl(session: Session, text: string | null, owner: string): Promise<AclItem[]> {
  const { rows } = await session.query<{ acl: string[] }>(
    `select coalesce($1::text::aclitem[], acldefault('d', r.oid))::text[] as acl from pg_roles r where r.rolname = $2`,
    [text, owner],
  );
  return mapAcl((rows[0]?.acl ?? []).map(parseAclItem), (role) => role);
}

function mayConnect({ privileges }: AclItem): boolean {
  return privileges.some((privilege) => privilege.startsWith('c'));
}

function ownerStatements({ database, owner }: Access, wanted: string): string[] {
  if (owner === wanted) return [];
  return [`alter database ${quoteIdentifier(database)} owner to ${quoteIdentifier(wanted)}`];
}

function limitStatements({ database, connectionLimit }: Access, wanted: number): string[] {
  if (connectionLimit === wanted) return [];
  return [`alter database ${quoteIdentifier(database)} connection limit ${String(wanted)}`];
}

function revokeConnect({ database, acl, admin }: Access): string[] {
  const on = `database ${quoteIdentifier(database)}`;
  const others = new Set(
    acl.filter((item) => mayConnect(item) && item.grantee !== admin).map(({ grantee }) => grantee),
  );
  return [
    `grant connect on ${on} to ${quoteIdentifier(admin)}`,
    ...[...others].map((grantee) => `revoke connect on ${on} from ${roleClause(grantee)} cascade`),
  ];
}

async function runTogether(session: Session, statements: readonly string[]): Promise<void> {
  if (statements.length === 0) return;
  await inTransaction(session, async () => {
    for (const statement of statements) await session.query(statement);
  });
}
