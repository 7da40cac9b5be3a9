import type { PostgresOptions } from './running-server.js';

/** Room for the slots, prepared transactions and wide locks of migrations, and for many test clients. */
const SETTINGS: Readonly<Record<string, string>> = {
  max_connections: '200',
  max_prepared_transactions: '10',
  max_locks_per_transaction: '256',
  wal_level: 'logical',
};

const NOT_DURABLE: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** Settings by name; what the caller gives wins. */
export function postgresSettings({ durable, settings }: PostgresOptions): Readonly<Record<string, string>> {
  return { ...SETTINGS, ...(durable === false ? NOT_DURABLE : {}), ...settings };
}

/** The same as flags of `postgres`. */
export function settingFlags(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
