import pg from 'pg';
import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { LATER_SETTINGS, PINNED_SETTINGS, SESSION_SETTINGS } from './pinned-settings.js';

/** Where a session goes, with the resolved secret; never logged, never put into an event. */
export interface SessionAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface SessionOptions {
  /** See `sessionName`; at most 63 bytes are kept by the server. */
  readonly applicationName: string;
  /** Aborting it breaks the connection at once, also in the middle of a statement. */
  readonly signal: AbortSignal;
  readonly connectTimeoutMs?: number;
  /** How long one statement may wait for a lock before it fails with 55P03 and is tried again. */
  readonly lockTimeoutMs?: number;
}

/** A connected session with the executor's own settings. Close it with `end()`, which also breaks a running statement. */
export type Session = pg.Client;

/**
 * Connects with the executor's own settings: no timeouts but the lock's, pinned formats, row security off.
 * @throws RehomeError classified by SQLSTATE or network code; the password is never part of it.
 */
export async function openSession(address: SessionAddress, options: SessionOptions): Promise<Session> {
  options.signal.throwIfAborted();
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    application_name: options.applicationName,
    // At start-up, because a database set to 1 ms would end even the statement that sets the others.
    options: '-c statement_timeout=0',
    keepAlive: true,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
  });
  // A connection lost while idle is told by the next query; without a listener it would end the process.
  client.on('error', () => undefined);
  const abort = (): void => void client.end().catch(() => undefined);
  options.signal.addEventListener('abort', abort, { once: true });
  client.once('end', () => {
    options.signal.removeEventListener('abort', abort);
  });
  try {
    await client.connect();
    await applySettings(client, options.lockTimeoutMs ?? 10_000);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    options.signal.throwIfAborted();
    throw describeFailure(error, address);
  }
}

/** Opens a session, hands it over and closes it, whatever happens. Errors of `work` are classified. */
export async function withSession<T>(
  address: SessionAddress,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(address, options);
  try {
    return await work(session);
  } catch (error) {
    options.signal.throwIfAborted();
    throw classifyPostgresError(error);
  } finally {
    await session.end().catch(() => undefined);
  }
}

/** Runs `work` in one transaction: all of it or nothing. */
export async function inTransaction<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.query('begin');
  try {
    const result = await work();
    await session.query('commit');
    return result;
  } catch (error) {
    await session.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** `server_version_num` as the server told at connect: 150018. */
export async function serverVersion(session: Session): Promise<number> {
  const { rows } = await session.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  const version = rows[0]?.version;
  if (version === undefined) throw new RehomeError('INTERNAL', 'the server did not tell its version');
  return version;
}

/** 15 of 150018. */
export function majorOf(version: number): number {
  return Math.floor(version / 10_000);
}

async function applySettings(client: Session, lockTimeoutMs: number): Promise<void> {
  const major = majorOf(await serverVersion(client));
  const settings = Object.entries({ ...PINNED_SETTINGS, ...SESSION_SETTINGS, lock_timeout: String(lockTimeoutMs) });
  // A setting that the server does not know fails the whole session, so later ones are asked for by major.
  for (const later of LATER_SETTINGS) if (major >= later.since) settings.push([later.name, later.value]);
  await client.query(
    `select set_config(name, value, false)
     from unnest($1::text[], $2::text[]) as setting (name, value)`,
    [settings.map(([name]) => name), settings.map(([, value]) => value)],
  );
}

function describeFailure(error: unknown, address: SessionAddress): RehomeError {
  const classified = classifyPostgresError(error);
  const place = `${address.host}:${String(address.port)} as ${address.user}, database ${address.database}`;
  return new RehomeError(classified.code, `cannot open a session at ${place}: ${classified.message}`, {
    cause: error,
    ...(classified.sqlState === undefined ? {} : { sqlState: classified.sqlState }),
    ...(classified.facts === undefined ? {} : { facts: classified.facts }),
  });
}
