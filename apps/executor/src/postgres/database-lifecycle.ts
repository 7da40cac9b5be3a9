import { quoteIdentifier, quoteLiteral, fitIdentifier } from '#shared/database/identifier.js';
import type { CreateDatabaseParams } from '#shared/contracts/steps/database-steps.js';
import type { ExtensionFact } from '#shared/contracts/steps/database-facts.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { mapAcl, parseAclItem, type AclItem } from './catalogue/acl.js';
import { drainDatabase } from './fence-drain.js';
import { grantStatements } from './grants.js';
import { majorOf, serverVersion, type Session } from './session.js';
import type { SessionOwner } from './session-name.js';

/**
 * What is built is built under a working name and marked by its comment; the final name never exists half made, and what
 * is not marked as this migration's is never adopted, renamed or dropped.
 */
const MARK = 'rehome migration ';

/** `odoo_acme__r1a2b3c4d_1`: the fence keeps an older attempt's late `create database` away from ours. */
export function workingName(database: string, owner: SessionOwner): string {
  return fitIdentifier(database, `__r${owner.digits}_${String(owner.fence)}`);
}

/** Name of a source after its retirement: `odoo_acme__retired_1a2b3c4d`. */
export function retiredName(database: string, digits: string): string {
  return fitIdentifier(database, `__retired_${digits}`);
}

export interface DatabaseState {
  readonly exists: boolean;
  /** Migration that marked it, when one did. */
  readonly migrationId?: string;
  /** Comment without the mark. */
  readonly comment?: string;
  readonly oid?: number;
  readonly sessions: number;
}

/** What stands under a name. The session is in another database of the server. */
export async function databaseState(session: Session, name: string): Promise<DatabaseState> {
  const { rows } = await session.query<{ oid: number; comment: string | null; sessions: number }>(
    `select d.oid, shobj_description(d.oid, 'pg_database') as comment,
       (select count(*)::int from pg_stat_activity a where a.datid = d.oid) as sessions
     from pg_database d where d.datname = $1`,
    [name],
  );
  const row = rows[0];
  if (!row) return { exists: false, sessions: 0 };
  return { exists: true, oid: row.oid, sessions: row.sessions, ...readComment(row.comment) };
}

/** The statement that creates the working database: from template0, so that nothing but PostgreSQL's own is in it. */
export function createDatabaseStatement(
  params: Pick<CreateDatabaseParams, 'role' | 'encoding' | 'collate' | 'ctype' | 'localeProvider' | 'icuLocale'>,
  name: string,
  major: number,
): string {
  const options = [
    `owner ${quoteIdentifier(params.role)}`,
    'template template0',
    `encoding ${quoteLiteral(params.encoding)}`,
    `lc_collate ${quoteLiteral(params.collate)}`,
    `lc_ctype ${quoteLiteral(params.ctype)}`,
  ];
  if (major >= 15) options.push(`locale_provider ${PROVIDERS[params.localeProvider] ?? 'libc'}`);
  if (params.icuLocale !== undefined)
    options.push(`${LOCALE_OPTIONS[params.localeProvider] ?? 'icu_locale'} ${quoteLiteral(params.icuLocale)}`);
  // Only the administrator gets in until it is published, and the restore is not disturbed.
  return `create database ${quoteIdentifier(name)} with ${options.join(' ')} connection limit 0`;
}

const PROVIDERS: Readonly<Record<string, string>> = { c: 'libc', i: 'icu', b: 'builtin' };
const LOCALE_OPTIONS: Readonly<Record<string, string>> = { i: 'icu_locale', b: 'builtin_locale' };

/**
 * Creates the working database and marks it. An attempt that died between both left an unmarked one under a name that
 * only this attempt's fence uses, so a later attempt makes its own.
 */
export async function createWorkingDatabase(
  session: Session,
  params: Parameters<typeof createDatabaseStatement>[0],
  { name, migrationId }: { readonly name: string; readonly migrationId: string },
): Promise<void> {
  const state = await databaseState(session, name);
  if (state.exists) throw notOurs(name, state, migrationId);
  const major = majorOf(await serverVersion(session));
  await session.query(createDatabaseStatement(params, name, major));
  await markDatabase(session, name, migrationId);
}

/** Marks a database as this migration's; a comment it has is kept behind the mark. */
export async function markDatabase(
  session: Session,
  name: string,
  migrationId: string,
  comment?: string,
): Promise<void> {
  const kept = comment ?? (await databaseState(session, name)).comment ?? '';
  const text = `${MARK}${migrationId}\n${kept}`;
  await session.query(`comment on database ${quoteIdentifier(name)} is ${quoteLiteral(text)}`);
}

/** Takes the mark off and leaves the comment that stands behind it. */
export async function unmarkDatabase(session: Session, name: string): Promise<void> {
  const { comment } = await databaseState(session, name);
  await session.query(`comment on database ${quoteIdentifier(name)} is ${comment ? quoteLiteral(comment) : 'null'}`);
}

/**
 * Drops a database, sessions and all, only when it carries this migration's mark. None of that name is fine.
 * @throws RehomeError TARGET_NOT_OURS
 */
export async function dropOwnDatabase(session: Session, name: string, migrationId: string): Promise<void> {
  const state = await databaseState(session, name);
  if (!state.exists) return;
  if (state.migrationId !== migrationId) throw notOurs(name, state, migrationId);
  await session.query(`drop database if exists ${quoteIdentifier(name)} with (force)`);
}

/**
 * Renames a database after ending its sessions, which PostgreSQL demands.
 * @param session in another database of the server
 * @throws RehomeError TARGET_NOT_OURS when something stands under the new name, FENCE_NOT_PROVEN when sessions come back.
 */
export async function renameDatabase(
  session: Session,
  { from, to, signal }: { readonly from: string; readonly to: string; readonly signal: AbortSignal },
): Promise<void> {
  const taken = await databaseState(session, to);
  if (taken.exists) throw new RehomeError('TARGET_NOT_OURS', `cannot rename database ${from}: a database ${to} exists`);
  await drainDatabase(session, { database: from, signal });
  await session.query(`alter database ${quoteIdentifier(from)} rename to ${quoteIdentifier(to)}`);
}

/**
 * Owner, grants and connection limit of the published database, as the source's were before its fence.
 * @param acl of the source, roles mapped; see `readCapturedAcl`
 */
export async function databaseAccessStatements(
  session: Session,
  name: string,
  wanted: { readonly owner: string; readonly acl: readonly AclItem[]; readonly connectionLimit: number },
): Promise<string[]> {
  const { rows } = await session.query<{ owner: string; acl: string[]; limit: number }>(
    `select pg_get_userbyid(datdba) as owner, coalesce(datacl, acldefault('d', datdba))::text[] as acl, datconnlimit as limit
     from pg_database where datname = $1`,
    [name],
  );
  const now = rows[0];
  if (!now) throw new RehomeError('TARGET_NOT_OURS', `database ${name} does not exist`);
  const on = `database ${quoteIdentifier(name)}`;
  const renamed = (role: string): string => (role === now.owner ? wanted.owner : role);
  return [
    ...(now.owner === wanted.owner ? [] : [`alter ${on} owner to ${quoteIdentifier(wanted.owner)}`]),
    ...grantStatements({
      on,
      owner: wanted.owner,
      current: mapAcl(now.acl.map(parseAclItem), renamed),
      desired: wanted.acl,
    }),
    ...(now.limit === wanted.connectionLimit ? [] : [`alter ${on} connection limit ${String(wanted.connectionLimit)}`]),
  ];
}

/** Creates extensions in the version and schema they have at the source; a restore would take the newest, as does an empty version. May be repeated. */
export function extensionStatements(extensions: readonly ExtensionFact[]): string[] {
  return extensions
    .filter(({ name }) => name !== 'plpgsql')
    .flatMap(({ name, version, schema }) => [
      ...(BUILT_IN_SCHEMAS.has(schema) ? [] : [`create schema if not exists ${quoteIdentifier(schema)}`]),
      `create extension if not exists ${quoteIdentifier(name)} schema ${quoteIdentifier(schema)}${version === '' ? '' : ` version ${quoteLiteral(version)}`} cascade`,
    ]);
}

const BUILT_IN_SCHEMAS = new Set(['pg_catalog', 'public', 'information_schema']);

function readComment(text: string | null): Pick<DatabaseState, 'migrationId' | 'comment'> {
  if (text === null) return {};
  if (!text.startsWith(MARK)) return { comment: text };
  const end = text.indexOf('\n');
  const migrationId = text.slice(MARK.length, end < 0 ? undefined : end);
  const comment = end < 0 ? '' : text.slice(end + 1);
  return { migrationId, ...(comment === '' ? {} : { comment }) };
}

function notOurs(name: string, state: DatabaseState, migrationId: string): RehomeError {
  const whose =
    state.migrationId === undefined ? 'carries no mark of Rehome' : `belongs to migration ${state.migrationId}`;
  return new RehomeError(
    'TARGET_NOT_OURS',
    `database ${name} exists and ${whose}, not to ${migrationId}; it is left alone`,
  );
}
