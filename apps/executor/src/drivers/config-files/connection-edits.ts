import type { ConfigFileDefinition, ConnectionKeys } from '#shared/contracts/registry.js';
import type { KeyEdit } from './config-format.js';

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

/** Fields that the definition names a key for, in a fixed order. */
export function namedFields(keys: ConnectionKeys): { readonly field: ConnectionField; readonly key: string }[] {
  return FIELDS.flatMap((field) => {
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
    const value = String(connection[field]);
    const now = present.get(key);
    if (now === value) return [];
    if (now !== undefined || field !== 'port') return [{ name: key, value }];
    if (connection.port === DEFAULT_PORT) return [];
    return [{ name: key, value, ...(file.keys.host === undefined ? {} : { insertAfter: file.keys.host }) }];
  });
}
