import { RehomeError } from '#shared/errors/rehome-error.js';

/** What a connection string may name, in the order in which it is written. */
export const PARTS = ['user', 'password', 'host', 'port', 'database'] as const;
export type Part = (typeof PARTS)[number];
/** Parts that a string can be given when it lacks them; user and password are left to their own keys. */
export type AddedPart = 'host' | 'port' | 'database';

/** Where a part stands, from `start` up to `end`, and how it is written there. */
export interface Place {
  readonly part: Part;
  readonly start: number;
  readonly end: number;
  /** Decoded. */
  readonly value: string;
  readonly write: (value: string) => string;
}

/** A connection string taken apart: everything outside of its places is kept. */
export interface Located {
  readonly places: readonly Place[];
  /** Where a part that it lacks is written, with what stands around it. */
  readonly addition: (part: AddedPart, value: string) => { readonly at: number; readonly text: string };
}

/** @throws RehomeError CONNECTION_STRING_UNUSABLE; `where` is the key or variable, and no message holds the string. */
export type Locate = (text: string, where: string) => Located;

export function unusable(where: string, because: string): RehomeError {
  return new RehomeError('CONNECTION_STRING_UNUSABLE', `the connection string in ${where} ${because}`, {
    facts: { where },
  });
}

/** Everything but the unreserved characters of RFC 3986, so that no reader takes any of them for a delimiter. */
export function percentEncode(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function percentDecode(raw: string, where: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw unusable(where, 'holds a % that is not the beginning of an encoded character; write it as %25');
  }
}

export function checkHost(raw: string, where: string): void {
  if (raw.includes(',')) throw unusable(where, 'names several servers; leave the one that holds the database');
  if (/[\s;@]/.test(raw)) throw unusable(where, 'has a host that cannot be read; is it of another format?');
}

export function checkPort(raw: string, where: string): void {
  if (/^\d{0,5}$/.test(raw)) return;
  throw unusable(where, 'has a port that is not a number; percent-encode the special characters of the password');
}

/** `${NAME}`, `$(NAME)`, `{{ name }}`, `#{name}`, `%(name)s`: characters that a URI holds encoded if it means them. */
export function isPlaceholder(text: string): boolean {
  return /\$\{|\$\(|\{\{|#\{|%\(/.test(text);
}

/** A value that is put together elsewhere is decided elsewhere: overwriting it would hide the place that counts. */
export function placeholders(where: string): RehomeError {
  return unusable(where, 'is put together from placeholders; name the keys or variables that hold its parts instead');
}
