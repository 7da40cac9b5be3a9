import type { MigratedDatabase } from '#shared/contracts/steps/project-steps.js';
import { quoteLiteral } from '#shared/database/identifier.js';
import type { Session } from '../../postgres/session.js';

/** How long a statement may wait for a lock when neither file nor project says. */
export const LOCK_TIMEOUT_MS = 2_000;

type Settings = Readonly<Record<string, string>>;

export interface ScriptSettings {
  readonly schema: string;
  readonly database: Pick<MigratedDatabase, 'owner' | 'settings'>;
  /** Of the file; the project's settings or two seconds when it says nothing. */
  readonly lockTimeoutMs?: number | undefined;
}

/**
 * Whatever an earlier script set, prepared or made for its session is gone before the next one: what a version does
 * must not depend on which session runs it.
 */
const FORGET = 'reset role; reset all; discard temp; deallocate all';

/** Databases and roles may carry settings that end long work or make us read only. Those a server does not know are left out. */
const OUR_SETTINGS: Settings = {
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  lock_timeout: String(LOCK_TIMEOUT_MS),
  default_transaction_read_only: 'off',
  // The server notices within seconds that we are gone, also in the middle of a statement.
  client_connection_check_interval: '5s',
  search_path: '',
};

/** Without parameters, so that it travels with what stands before it. Rows of a list are set in its order. */
function settingText(local: boolean, ours: Settings, others: Settings = {}): string {
  const rows = (settings: Settings, known: boolean) =>
    Object.entries(settings).map(
      ([name, value]) => `(${quoteLiteral(name)}, ${quoteLiteral(value)}, ${String(known)})`,
    );
  return `select pg_catalog.set_config(name, value, ${String(local)})
     from (values ${[...rows(ours, true), ...rows(others, false)].join(', ')}) as setting (name, value, if_known)
    where not if_known or pg_catalog.current_setting(name, true) is not null`;
}

/** Begins a transaction in a session that knows nothing of an earlier one, as the administrator. */
const BEGIN_CLEAN = `${FORGET}; begin isolation level read committed read write; ${settingText(true, OUR_SETTINGS)}`;

/** One round trip. */
export async function beginClean(session: Session): Promise<void> {
  await session.query(BEGIN_CLEAN);
}

/** Both in one statement, for a message of many: begins clean, and is the owner at once. */
export function beginAsOwner(settings: ScriptSettings, more: Settings): string {
  const all = settingText(true, { ...OUR_SETTINGS, ...more }, ownerSettings(settings));
  return `${FORGET}; begin isolation level read committed read write; ${all}`;
}

/** From here on the session is the owner, in the schema, with the project's settings. */
export async function becomeOwner(session: Session, settings: ScriptSettings, local: boolean): Promise<void> {
  await apply(session, ownerSettings(settings), local);
}

/** Back to the administrator; without calling a function, which the script may have put a namesake before. */
export const BECOME_ADMIN = `set local role none; set local search_path = ''`;

/** For scripts without a transaction around them: the session stays the owner from statement to statement. */
export async function prepareOwnerSession(session: Session, settings: ScriptSettings): Promise<void> {
  await session.query(`${FORGET}; ${settingText(false, OUR_SETTINGS)}`);
  await becomeOwner(session, settings, false);
}

/** Runs `work` in a session that waits for locks however long it takes, and afterwards as long as before. */
export async function waitingForLocks<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const { rows } = await session.query<{ before: string }>(
    `select pg_catalog.current_setting('lock_timeout') as before`,
  );
  await session.query('set lock_timeout = 0');
  try {
    return await work();
  } finally {
    // It fails only with the session, and what comes next tells of that.
    const before = quoteLiteral(rows[0]?.before ?? String(LOCK_TIMEOUT_MS));
    await session.query(`set lock_timeout = ${before}`).catch(() => undefined);
  }
}

/** In the order in which they are set. */
export function ownerSettings({ schema, database, lockTimeoutMs }: ScriptSettings): Record<string, string> {
  return {
    lock_timeout: String(LOCK_TIMEOUT_MS),
    ...database.settings,
    ...(lockTimeoutMs === undefined ? {} : { lock_timeout: String(lockTimeoutMs) }),
    search_path: searchPath(schema),
    // Last: what only the administrator may set has been set by now.
    role: database.owner,
  };
}

/** The schema first; public after it, where extensions usually stand. */
function searchPath(schema: string): string {
  const quoted = `"${schema.replaceAll('"', '""')}"`;
  return schema === 'public' ? quoted : `${quoted}, public`;
}

async function apply(session: Session, settings: Readonly<Record<string, string>>, local: boolean): Promise<void> {
  const names = Object.keys(settings);
  await session.query(
    `select pg_catalog.set_config(name, value, $3)
       from unnest($1::text[], $2::text[]) as setting (name, value)`,
    [names, names.map((name) => settings[name]), local],
  );
}
