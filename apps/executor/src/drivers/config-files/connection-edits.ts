import type { ConfigFileDefinition, ConnectionKeys } from '#shared/contracts/registry.js';
import {
  readConnectionString,
  rewriteConnectionString,
  type ConnectionParts,
} from '../connection-strings/connection-string.js';
import type { KeyEdit } from './config-format.js';
import { keyMissing } from './file-text.js';

/** What the application must connect to, the password resolved. Lives in memory only. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export const DEFAULT_PORT = 5432;

const FIELDS = ['host', 'port', 'user', 'password', 'database'] as const satisfies readonly (keyof ConnectionKeys)[];
export type ConnectionField = (typeof FIELDS)[number];

/** Fields that the definition names a key for, in a fixed order; `url` stands for a connection string. */
export function namedFields(keys: ConnectionKeys): { readonly field: ConnectionField | 'url'; readonly key: string }[] {
  return ([...FIELDS, 'url'] as const).flatMap((field) => {
    const key = keys[field];
    return key === undefined ? [] : [{ field, key }];
  });
}

/**
 * The edits that make a file name the connection. Only keys that the definition names are touched, and of those only
 * the ones whose value differs. A missing port key means 5432 to every PostgreSQL client: it is left out as long as
 * that is right, and else written below the host. Any other missing key is refused by the editor.
 */
export function editsFor(
  file: ConfigFileDefinition,
  present: ReadonlyMap<string, string>,
  connection: Connection,
): KeyEdit[] {
  return namedFields(file.keys).flatMap(({ field, key }): KeyEdit[] => {
    if (field === 'url') return urlEdit(file, key, present, connection);
    const value = String(connection[field]);
    const now = present.get(key);
    if (now === value) return [];
    if (now !== undefined || field !== 'port') return [{ name: key, value }];
    if (connection.port === DEFAULT_PORT || file.keys.url !== undefined) return [];
    return [{ name: key, value, ...(file.keys.host === undefined ? {} : { insertAfter: file.keys.host }) }];
  });
}

function urlEdit(
  file: ConfigFileDefinition,
  key: string,
  present: ReadonlyMap<string, string>,
  connection: Connection,
): KeyEdit[] {
  const now = present.get(key);
  if (now === undefined) throw keyMissing(file.path, key, file.section);
  const elsewhere = new Set(FIELDS.filter((field) => present.has(file.keys[field] ?? '')));
  const value = rewriteConnectionString(now, partsOf(connection), { where: `${key} of ${file.path}`, elsewhere });
  return value === now ? [] : [{ name: key, value }];
}

export function partsOf(connection: Connection): ConnectionParts {
  return { ...connection, port: String(connection.port) };
}

/** What the connection string of a file says; its password stays behind. */
export function readUrl(file: ConfigFileDefinition, present: ReadonlyMap<string, string>): ReadableConnection {
  const key = file.keys.url;
  const text = key === undefined ? undefined : present.get(key);
  if (key === undefined || text === undefined) return {};
  const { password: _password, ...readable } = readConnectionString(text, `${key} of ${file.path}`);
  return readable;
}

export type ReadableConnection = Readonly<Partial<Record<Exclude<ConnectionField, 'password'>, string>>>;
