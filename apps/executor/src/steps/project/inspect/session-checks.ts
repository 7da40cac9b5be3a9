import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { ProjectDatabase } from '#shared/contracts/projects.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import { judge, listed } from '../../../postgres/inspection/check.js';
import { majorOf, serverVersion, type Session } from '../../../postgres/session.js';

/** Transactions older than this keep locks that migrations will wait for. */
const LONG_TRANSACTION_S = 60;

export interface CheckedDatabase {
  readonly database: ProjectDatabase;
  readonly owner: string;
  readonly schemas: readonly string[];
}

/** What migrations need of the session's database. Every check is made, also after one that failed. */
export async function checkSession(session: Session, checked: CheckedDatabase): Promise<PreflightCheck[]> {
  return [
    ...(await checkRoles(session, checked)),
    await checkSchemas(session, checked),
    await checkSettings(session, checked.database),
    await checkBookkeeping(session),
    await checkLongTransactions(session),
  ];
}

interface RoleRow {
  readonly name: string;
  readonly there: boolean;
  readonly usable: boolean;
  readonly superuser: boolean;
}

async function checkRoles(session: Session, { database, owner }: CheckedDatabase): Promise<PreflightCheck[]> {
  const { application } = database.roles;
  const { rows } = await session.query<RoleRow>(
    `select wanted.name, r.oid is not null as there, coalesce(pg_has_role(r.oid, $2), false) as usable,
            coalesce(r.rolsuper, false) as superuser
       from unnest($1::text[]) as wanted (name)
       left join pg_roles as r on r.rolname = wanted.name`,
    // From 16 on a member may be denied to become the role.
    [
      [owner, ...(application === undefined ? [] : [application])],
      majorOf(await serverVersion(session)) >= 16 ? 'SET' : 'MEMBER',
    ],
  );
  const row = (name: string): RoleRow | undefined => rows.find((one) => one.name === name);
  return [
    checkOwner(owner, row(owner)),
    ...(application === undefined ? [] : [checkApplication(application, row(application))]),
  ];
}

function checkOwner(owner: string, row: RoleRow | undefined): PreflightCheck {
  const role = quoteIdentifier(owner);
  if (row?.there !== true)
    return judge('owner-role', 'error', '', {
      found: `there is no role ${owner}`,
      remedy: `create role ${role} login`,
    });
  if (!row.usable) {
    const remedy = `grant ${role} to the administrator of the server`;
    return judge('owner-role', 'error', '', { found: `the administrator may not act as ${owner}`, remedy });
  }
  const found = `${owner} is a superuser: nothing keeps a script in its database`;
  const remedy = `let project.yaml name another owner, or alter role ${role} nosuperuser`;
  return judge('owner-role', 'warning', `scripts run as ${owner}`, row.superuser ? { found, remedy } : undefined);
}

function checkApplication(application: string, row: RoleRow | undefined): PreflightCheck {
  const found = `there is no role ${application}`;
  const remedy = `create role ${quoteIdentifier(application)} login`;
  const fine = `${application} gets rows and sequences`;
  return judge('application-role', 'error', fine, row?.there === true ? undefined : { found, remedy });
}

async function checkSchemas(session: Session, { database, owner, schemas }: CheckedDatabase): Promise<PreflightCheck> {
  const { rows } = await session.query<{ name: string; creates: boolean | null }>(
    `select wanted.name, (select has_schema_privilege(r.oid, n.oid, 'create') from pg_roles as r where r.rolname = $2) as creates
       from unnest($1::text[]) as wanted (name)
       left join pg_namespace as n on n.nspname = wanted.name
      where n.oid is null
         or not coalesce((select has_schema_privilege(r.oid, n.oid, 'create') from pg_roles as r where r.rolname = $2), true)`,
    [schemas, owner],
  );
  const missing = rows.filter(({ creates }) => creates === null).map(({ name }) => name);
  const closed = rows.filter(({ creates }) => creates === false).map(({ name }) => name);
  const fine = schemas.length === 1 ? `schema ${schemas[0] ?? ''}` : `${String(schemas.length)} schemas`;
  if (schemas.length === 0) {
    const found = `no schema is called ${listed(database.schemas)}`;
    return judge('schemas', 'error', '', { found, remedy: 'create one, or correct the pattern in project.yaml' });
  }
  if (missing.length > 0) {
    const remedy = `create schema ${quoteIdentifier(missing[0] ?? '')} authorization ${quoteIdentifier(owner)}`;
    return judge('schemas', 'error', '', { found: `there is no schema ${listed(missing)}`, remedy });
  }
  const remedy = `grant create on schema ${quoteIdentifier(closed[0] ?? 'public')} to ${quoteIdentifier(owner)}`;
  const found = `${owner} may make nothing in ${listed(closed)}`;
  return judge('schemas', 'error', fine, closed.length > 0 ? { found, remedy } : undefined);
}

/** Set and taken back: what the server does not know or take fails here instead of in the middle. */
async function checkSettings(session: Session, { settings }: ProjectDatabase): Promise<PreflightCheck> {
  const names = Object.keys(settings);
  if (names.length === 0) return judge('settings', 'error', 'none', undefined);
  await session.query('begin read only');
  try {
    await session.query(
      `select set_config(name, value, true) from unnest($1::text[], $2::text[]) as setting (name, value)`,
      [names, names.map((name) => settings[name])],
    );
    return judge('settings', 'error', listed(names), undefined);
  } catch (error) {
    const { message } = classifyPostgresError(error);
    return judge('settings', 'error', '', { found: message, remedy: 'correct the settings in project.yaml' });
  } finally {
    await session.query('rollback');
  }
}

/** Whoever owns the schema of our books could have triggers run with the administrator's power. */
async function checkBookkeeping(session: Session): Promise<PreflightCheck> {
  const { rows: missing } = await session.query<{ database: string }>(
    `select current_database() as database
      where to_regnamespace('rehome') is null and not has_database_privilege(current_database(), 'create')`,
  );
  const [closed] = missing;
  if (closed !== undefined) {
    const remedy = `grant create on database ${quoteIdentifier(closed.database)} to the administrator of the server`;
    return judge('bookkeeping', 'error', '', { found: 'the administrator may not make the schema rehome', remedy });
  }
  const { rows } = await session.query<{ owner: string }>(
    `select r.rolname as owner
       from pg_namespace as n
       join pg_roles as r on r.oid = n.nspowner
      where n.nspname = 'rehome'
        and not ((r.rolsuper or r.rolname = current_user) and to_regclass('rehome.tracking_release') is not null)`,
  );
  const found = `a schema rehome of ${rows[0]?.owner ?? ''} stands there, which is not our bookkeeping`;
  const objection = rows.length === 0 ? undefined : { found, remedy: 'rename or drop it' };
  return judge('bookkeeping', 'error', 'schema rehome', objection);
}

async function checkLongTransactions(session: Session): Promise<PreflightCheck> {
  const { rows } = await session.query<{ pid: number; role: string; seconds: number }>(
    `select pid, coalesce(usename, backend_type) as role, extract(epoch from now() - xact_start)::int as seconds
       from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and xact_start < now() - make_interval(secs => $1)
      order by xact_start`,
    [LONG_TRANSACTION_S],
  );
  const found = listed(rows.map(({ pid, role, seconds }) => `${role} (pid ${String(pid)}, ${String(seconds)} s)`));
  const remedy = `migrations wait for what they hold; to end one: select pg_terminate_backend(${String(rows[0]?.pid ?? 'pid')})`;
  return judge('long-transactions', 'warning', 'none', rows.length > 0 ? { found, remedy } : undefined);
}
