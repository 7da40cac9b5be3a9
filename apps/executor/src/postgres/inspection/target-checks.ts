import { quoteIdentifier, quoteLiteral } from '#shared/database/identifier.js';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import type { PreflightTargetParams, ToolFacts } from '#shared/contracts/steps/inspection-steps.js';
import { databaseState } from '../database-lifecycle.js';
import { majorOf, serverVersion, type Session } from '../session.js';
import { judge, listed, type Objection } from './check.js';
import { collationVersion } from './collation-version.js';
import { checkTargetExtensions } from './target-extensions.js';

/** Judges the target before any downtime. The session is in any database of its server. */
export async function checkTarget(session: Session, params: PreflightTargetParams): Promise<PreflightCheck[]> {
  const { facts, target, targetRole, tools } = params;
  const major = majorOf(await serverVersion(session));
  return [
    checkVersions(facts, tools, major, params.olderMajor),
    checkMajor(facts, major),
    await checkEmpty(session, target.database),
    await checkRights(session, facts),
    await checkRole(session, targetRole),
    checkRoleNames(facts, targetRole),
    await checkRoleSettings(session, facts, targetRole),
    await checkTargetExtensions(session, facts, major),
    await checkLocale(session, facts, major),
    await checkCollationVersion(session, facts),
  ];
}

/** Also for the source side, where the target's major may not be known yet. */
export function checkVersions(
  facts: Pick<DatabaseFacts, 'serverVersion'>,
  tools: ToolFacts,
  targetMajor: number | undefined,
  olderMajor: 'warn' | 'refuse' = 'refuse',
): PreflightCheck {
  const source = majorOf(facts.serverVersion);
  const found = `source ${String(source)}, tools ${tools.version}${targetMajor === undefined ? '' : `, target ${String(targetMajor)}`}`;
  return judge('versions', 'error', found, objection());

  function objection(): Objection | undefined {
    if (targetMajor !== undefined && targetMajor < source && olderMajor === 'refuse') {
      return {
        found,
        remedy: `the target must be PostgreSQL ${String(source)} or newer: a dump does not go back to an older major`,
      };
    }
    const newest = targetMajor === undefined || targetMajor < source ? Infinity : targetMajor;
    if (tools.major >= source && tools.major <= newest) return undefined;
    const wanted =
      targetMajor === undefined || targetMajor <= source
        ? String(source)
        : `${String(source)} to ${String(targetMajor)}`;
    return { found, remedy: `install PostgreSQL's client tools of major ${wanted} at the executor` };
  }
}

/** Not the same PostgreSQL: a person knows it before the plan is approved. */
function checkMajor(facts: DatabaseFacts, major: number): PreflightCheck {
  const source = majorOf(facts.serverVersion);
  const found = `PostgreSQL ${String(source)} becomes ${String(major)}`;
  const remedy =
    major > source
      ? 'see that the application works with it; extensions take the version of the new server, and planner statistics are gathered anew'
      : 'no dump is meant for an older major: if the restore or the comparison fails, all of it is taken back';
  return judge(
    'major-version',
    'warning',
    `PostgreSQL ${String(major)} stays`,
    major === source ? undefined : { found, remedy },
  );
}

/** Indexes on texts are ordered by rules of the operating system, which change: a restore builds them anew, a copied file would be broken. */
async function checkCollationVersion(session: Session, facts: DatabaseFacts): Promise<PreflightCheck> {
  const there = await collationVersion(session, facts);
  const here = facts.collationVersion;
  const same = here === undefined || there === undefined || here === there;
  const found = `texts in ${facts.icuLocale ?? facts.collate} are sorted by version ${here ?? ''} at the source and ${there ?? ''} at the target`;
  const remedy =
    'the restore builds every index anew, so nothing breaks; lists may come in another order, and partitions by ranges of texts need a look';
  return judge('collation-version', 'warning', here ?? 'has no version', same ? undefined : { found, remedy });
}

async function checkEmpty(session: Session, database: string): Promise<PreflightCheck> {
  const state = await databaseState(session, database);
  const found = `a database ${database} exists at the target`;
  const remedy = 'it is never overwritten: rename or drop it, or choose another name';
  return judge('target-empty', 'error', `no database ${database} yet`, state.exists ? { found, remedy } : undefined);
}

/** Restoring owners, grants and other people's objects faithfully takes a superuser. */
async function checkRights(session: Session, facts: DatabaseFacts): Promise<PreflightCheck> {
  const { rows } = await session.query<{ admin: string; superuser: boolean; database: boolean; role: boolean }>(
    `select rolname as admin, rolsuper as superuser, rolcreatedb as database, rolcreaterole as role from pg_roles where rolname = current_user`,
  );
  const row = rows[0] ?? { admin: 'nobody', superuser: false, database: false, role: false };
  if (row.superuser) return judge('target-privileges', 'error', `${row.admin} is a superuser`, undefined);
  const admin = quoteIdentifier(row.admin);
  const missing = [
    ...(row.database ? [] : [`alter role ${admin} createdb`]),
    ...(row.role ? [] : [`alter role ${admin} createrole`]),
    ...facts.roles.map(({ name }) => `grant ${quoteIdentifier(name)} to ${admin}`),
  ];
  const found = `${row.admin} is no superuser: owners and grants of ${listed(facts.roles.map(({ name }) => name))} cannot all be restored`;
  return judge('target-privileges', 'error', '', {
    found,
    remedy: `alter role ${admin} superuser; without one at least: ${missing.join('; ')}`,
  });
}

async function checkRole(session: Session, role: string): Promise<PreflightCheck> {
  const { rows } = await session.query<{ canLogin: boolean; superuser: boolean }>(
    `select rolcanlogin as "canLogin", rolsuper as superuser from pg_roles where rolname = $1`,
    [role],
  );
  const row = rows[0];
  const fine = row ? `${role} exists and may log in` : `${role} does not exist yet and will be created`;
  if (row?.canLogin === false) {
    return judge('target-role', 'error', fine, {
      found: `${role} may not log in`,
      remedy: `alter role ${quoteIdentifier(role)} login`,
    });
  }
  const objection = {
    found: `${role} is a superuser: it sees and may change everything on the target`,
    remedy: 'let the application log in as an ordinary role',
  };
  return judge('target-role', 'warning', fine, row?.superuser ? objection : undefined);
}

/** Two roles that become one would share their grants. */
function checkRoleNames(facts: DatabaseFacts, targetRole: string): PreflightCheck {
  const clash = targetRole !== facts.owner && facts.roles.some(({ name }) => name === targetRole);
  const found = `${facts.owner} would become ${targetRole}, but the source has another role of that name with grants of its own`;
  return judge(
    'role-names',
    'error',
    `${facts.owner} becomes ${targetRole}`,
    clash ? { found, remedy: 'choose another role at the target' } : undefined,
  );
}

async function checkRoleSettings(session: Session, facts: DatabaseFacts, targetRole: string): Promise<PreflightCheck> {
  const names = [targetRole, ...facts.roles.map(({ name }) => name)];
  const { rows } = await session.query<{ name: string; setting: string }>(
    `select r.rolname as name, split_part(config, '=', 1) as setting
     from pg_db_role_setting s join pg_roles r on r.oid = s.setrole cross join unnest(s.setconfig) as config
     where s.setdatabase = 0 and r.rolname = any ($1)`,
    [names],
  );
  const found = `roles at the target carry settings of their own: ${listed(rows.map(({ name, setting }) => `${setting} of ${name}`))}`;
  const remedy =
    'they will hold in the moved database, too, unless the source says otherwise; reset them if that is not meant';
  return judge('target-role-settings', 'warning', 'none', rows.length > 0 ? { found, remedy } : undefined);
}

/**
 * Whether the operating system or ICU of the target knows the locale is learnt by asking for a collation, undone at once.
 * A collation must fit the encoding of the database that it is made in: where that is another, nothing can be learnt.
 */
async function checkLocale(session: Session, facts: DatabaseFacts, major: number): Promise<PreflightCheck> {
  const fine = `${facts.encoding}, ${facts.collate}`;
  const { rows } = await session.query<{ encoding: string }>(`select current_setting('server_encoding') as encoding`);
  if (rows[0]?.encoding !== facts.encoding)
    return judge('locale', 'info', `${fine}; seen when the database is created`, undefined);
  const unknown: string[] = [];
  for (const locale of new Set([facts.collate, facts.ctype])) {
    if (BUILT_IN_LOCALES.has(locale)) continue;
    if (!(await knowsLocale(session, `provider = libc, locale = ${quoteLiteral(locale)}`))) unknown.push(locale);
  }
  if (facts.icuLocale !== undefined && facts.localeProvider === 'i') {
    const known =
      major >= 15 && (await knowsLocale(session, `provider = icu, locale = ${quoteLiteral(facts.icuLocale)}`));
    if (!known) unknown.push(`ICU ${facts.icuLocale}`);
  }
  const found = `the target does not know the locale ${unknown.join(', ')}`;
  const remedy = 'install the locale on the target host (Debian: dpkg-reconfigure locales) and restart PostgreSQL';
  return judge('locale', 'error', fine, unknown.length > 0 ? { found, remedy } : undefined);
}

const BUILT_IN_LOCALES = new Set(['C', 'POSIX']);

async function knowsLocale(session: Session, options: string): Promise<boolean> {
  await session.query('begin');
  try {
    await session.query(`create collation pg_temp.rehome_probe (${options})`);
    return true;
  } catch (error) {
    // 22023 and 42704, by major and provider: no such locale.
    if (error instanceof Error && 'code' in error && (error.code === '22023' || error.code === '42704')) return false;
    throw error;
  } finally {
    await session.query('rollback');
  }
}
