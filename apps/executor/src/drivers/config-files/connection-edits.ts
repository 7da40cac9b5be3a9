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
  /** Absent: what stands there stays. */
  readonly password?: string;
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
    const wanted = connection[field];
    const value = String(wanted);
    const now = present.get(key);
    if (wanted === undefined || now === value) return [];
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
  const where = `${key} of ${file.path}`;
  const password = connection.password ?? readConnectionString(now, where).password ?? '';
  const value = rewriteConnectionString(now, partsOf({ ...connection, password }), { where, elsewhere });
  return value === now ? [] : [{ name: key, value }];
}

function partsOf(connection: Connection & { readonly password: string }): ConnectionParts {
  return { ...connection, port: String(connection.port) };
}

/** The password that a file holds, in a key of its own or in its connection string. */
export function passwordIn(file: ConfigFileDefinition, present: ReadonlyMap<string, string>): string | undefined {
  const { password, url } = file.keys;
  if (password !== undefined) return present.get(password);
  const text = url === undefined ? undefined : present.get(url);
  return text === undefined ? undefined : readConnectionString(text, `${url ?? ''} of ${file.path}`).password;
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
