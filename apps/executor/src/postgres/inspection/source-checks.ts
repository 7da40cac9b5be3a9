import type { PreflightCheck } from '#shared/contracts/preflight.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { majorOf, serverVersion, type Session } from '../session.js';
import { judge, listed, type Objection } from './check.js';
import { checkSourcePrivileges } from './source-privileges.js';

export interface SourceExpectation {
  /** The role the application logs in as; the one that owns the database when absent. */
  readonly owner?: string;
  /** `warn` where the service is stopped and every row is compared afterwards. */
  readonly superuser?: 'warn';
}

/** Transactions older than this hold up a dump and its locks. */
const LONG_TRANSACTION_S = 300;
export const OLDEST_MAJOR = 13;

/** Judges the source database of the session. All checks are made, also after one that failed. */
export async function checkSource(session: Session, expected: SourceExpectation): Promise<PreflightCheck[]> {
  const major = majorOf(await serverVersion(session));
  const owner = expected.owner ?? (await ownerOf(session));
  const checks = [
    () => Promise.resolve(checkVersion(major)),
    () => checkOwner(session, owner, expected.superuser === 'warn' ? 'warning' : 'error'),
    () => checkSourcePrivileges(session, owner),
    () => checkLongTransactions(session),
    () => checkPrepared(session),
    () => checkReplication(session),
    () => checkSubscriptions(session),
    () => checkIndexes(session),
    () => checkEncoding(session),
    () => checkLocks(session),
  ];
  const results: PreflightCheck[] = [];
  for (const check of checks) results.push(await check());
  return results;
}

/** What of it concerns a backup, which fences nothing and leaves the database where it is. */
export async function checkBackupSource(session: Session): Promise<PreflightCheck[]> {
  const major = majorOf(await serverVersion(session));
  return [
    checkVersion(major),
    await checkSuperuser(session),
    await checkIndexes(session),
    await checkEncoding(session),
    await checkLocks(session),
  ];
}

async function checkSuperuser(session: Session): Promise<PreflightCheck> {
  const { rows } = await session.query<{ admin: string; superuser: boolean }>(
    `select rolname as admin, rolsuper as superuser from pg_roles where rolname = current_user`,
  );
  const { admin, superuser } = rows[0] ?? { admin: 'nobody', superuser: false };
  const found = `${admin} is no superuser: it can neither read everything nor restore what others own`;
  const remedy = `alter role ${quoteIdentifier(admin)} superuser`;
  return judge('backup-privileges', 'error', `${admin} is a superuser`, superuser ? undefined : { found, remedy });
}

function checkVersion(major: number): PreflightCheck {
  const found = `PostgreSQL ${String(major)}`;
  const remedy = `upgrade the server to PostgreSQL ${String(OLDEST_MAJOR)} or newer first`;
  return judge('source-version', 'error', found, major < OLDEST_MAJOR ? { found, remedy } : undefined);
}

async function ownerOf(session: Session): Promise<string> {
  const { rows } = await session.query<{ owner: string }>(
    `select pg_get_userbyid(datdba) as owner from pg_database where datname = current_database()`,
  );
  return rows[0]?.owner ?? '';
}

async function checkOwner(session: Session, owner: string, superuserIs: 'warning' | 'error'): Promise<PreflightCheck> {
  const { rows } = await session.query<{ owner: string; superuser: boolean | null }>(
    `select pg_get_userbyid(d.datdba) as owner, (select rolsuper from pg_roles where rolname = $1) as superuser
     from pg_database d where d.datname = current_database()`,
    [owner],
  );
  const found = objection(rows[0]);
  const severity = rows[0]?.superuser === true && rows[0].owner === owner ? superuserIs : 'error';
  return judge('application-role', severity, `${owner} owns the database and is no superuser`, found);

  function objection(row: { owner: string; superuser: boolean | null } | undefined): Objection | undefined {
    if (row?.superuser === null || row === undefined)
      return { found: `there is no role ${owner}`, remedy: 'correct the owner of the instance' };
    if (row.superuser) {
      const remedy =
        superuserIs === 'error'
          ? `alter role "${owner}" nosuperuser`
          : 'see that nobody uses it meanwhile; what it writes before the comparison is found by it';
      return { found: `${owner} is a superuser, which no fence stops`, remedy };
    }
    if (row.owner === owner) return undefined;
    return {
      found: `the database belongs to ${row.owner}, not to ${owner}`,
      remedy: 'correct the owner of the instance',
    };
  }
}

async function checkLongTransactions(session: Session): Promise<PreflightCheck> {
  const { rows } = await session.query<{ pid: number; role: string; seconds: number }>(
    `select pid, coalesce(usename, backend_type) as role, extract(epoch from now() - xact_start)::int as seconds
     from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and xact_start < now() - make_interval(secs => $1)
     order by xact_start`,
    [LONG_TRANSACTION_S],
  );
  const found = listed(rows.map(({ pid, role, seconds }) => `${role} (pid ${String(pid)}, ${String(seconds)} s)`));
  const remedy = `they are ended at the fence; to end one now: select pg_terminate_backend(${String(rows[0]?.pid ?? 'pid')})`;
  return judge('long-transactions', 'warning', 'none', rows.length > 0 ? { found, remedy } : undefined);
}

async function checkPrepared(session: Session): Promise<PreflightCheck> {
  const { rows } = await session.query<{ gid: string; rollback: string }>(
    `select gid, format('rollback prepared %L', gid) as rollback from pg_prepared_xacts where database = current_database() order by prepared`,
  );
  const found = `prepared transactions survive the fence and can be committed later: ${listed(rows.map(({ gid }) => gid))}`;
  const remedy = `commit or roll them back: ${rows[0]?.rollback ?? ''}`;
  return judge('prepared-transactions', 'error', 'none', rows.length > 0 ? { found, remedy } : undefined);
}

async function checkReplication(session: Session): Promise<PreflightCheck> {
  const { rows } = await session.query<{ name: string; active: boolean }>(
    `select slot_name as name, active from pg_replication_slots where database = current_database() order by 1`,
  );
  const active = rows.filter((slot) => slot.active);
  const found = `logical replication slots of this database: ${listed(rows.map(({ name }) => name))}`;
  const remedy = 'slots do not move: end their consumers, drop them and set them up again at the target';
  return judge(
    'replication-slots',
    active.length > 0 ? 'error' : 'warning',
    'none',
    rows.length > 0 ? { found, remedy } : undefined,
  );
}

async function checkSubscriptions(session: Session): Promise<PreflightCheck> {
  const { rows } = await session.query<{ name: string }>(
    `select subname as name from pg_subscription
     where subdbid = (select oid from pg_database where datname = current_database()) order by 1`,
  );
  const found = `subscriptions: ${listed(rows.map(({ name }) => name))}`;
  const remedy = 'they are switched off at the fence and do not move; create them at the target afterwards';
  return judge('subscriptions', 'warning', 'none', rows.length > 0 ? { found, remedy } : undefined);
}

async function checkIndexes(session: Session): Promise<PreflightCheck> {
  const { rows } = await session.query<{ name: string }>(
    `select i.indexrelid::regclass::text as name from pg_index i join pg_class t on t.oid = i.indrelid
     where not i.indisvalid and t.relkind <> 'p' order by 1`,
  );
  const found = `invalid indexes, which a dump leaves out: ${listed(rows.map(({ name }) => name))}`;
  const remedy = `reindex index concurrently ${rows[0]?.name ?? ''}, or drop them`;
  return judge('invalid-indexes', 'warning', 'none', rows.length > 0 ? { found, remedy } : undefined);
}

async function checkEncoding(session: Session): Promise<PreflightCheck> {
  const { rows } = await session.query<{ encoding: string }>(`select current_setting('server_encoding') as encoding`);
  const encoding = rows[0]?.encoding ?? '';
  const bad = encoding === 'SQL_ASCII';
  const found = 'SQL_ASCII: the server never checked what its texts are';
  const remedy = 'the move keeps every byte; convert the database to UTF8 on another day';
  return judge('encoding', 'warning', encoding, bad ? { found, remedy } : undefined);
}

/** pg_dump holds a lock on every table at once. */
async function checkLocks(session: Session): Promise<PreflightCheck> {
  const { rows } = await session.query<{ tables: number; room: number; current: number }>(
    `select (select count(*)::int from pg_class where relkind in ('r', 'p', 'f', 'm') and oid >= 16384) as tables,
       current_setting('max_locks_per_transaction')::int
         * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) as room,
       current_setting('max_locks_per_transaction')::int as current`,
  );
  const { tables, room, current } = rows[0] ?? { tables: 0, room: 1, current: 64 };
  const found = `${String(tables)} tables to be locked at once, room for about ${String(room)} locks`;
  const remedy = `alter system set max_locks_per_transaction = ${String(Math.ceil((current * tables * 2) / room))}, and restart the server`;
  return judge('lock-table', 'error', found, tables > room * 0.8 ? { found, remedy } : undefined);
}
