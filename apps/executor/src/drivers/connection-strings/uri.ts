import { checkHost, checkPort, percentDecode, percentEncode, unusable } from './places.js';
import type { AddedPart, Located, Place } from './places.js';
import { findParameters, placesOf, type QueryNames } from './query-parameters.js';

/** What sets one family of URIs apart from the others. */
export interface UriDialect {
  /** Everything up to the authority. */
  readonly scheme: RegExp;
  readonly query: QueryNames;
  /** Parameters that would lead to the old server whatever the rest says. */
  readonly refused: readonly string[];
  /** SQLAlchemy takes the database as it stands, everybody else decodes it. */
  readonly databaseIsRaw?: boolean;
}

interface Frame {
  readonly text: string;
  readonly where: string;
  readonly dialect: UriDialect;
  /** Of the authority. */
  readonly start: number;
  readonly end: number;
  /** End of the path; the query begins behind it. */
  readonly pathEnd: number;
}

/** Takes `scheme://user:password@host:port/database?parameters` apart. */
export function locateUri(text: string, where: string, dialect: UriDialect): Located {
  const start = dialect.scheme.exec(text)?.[0].length ?? 0;
  const pathEnd = indexFrom(text, /[?#]/g, start);
  const frame = { text, where, dialect, start, end: Math.min(indexFrom(text, /\//g, start), pathEnd), pathEnd };
  const inQuery = queryPlaces(frame);
  const { userinfo, hostStart } = userPlaces(frame);
  const inAuthority = hostPlaces(frame, hostStart, inQuery);
  const places = [...userinfo, ...inAuthority, ...databasePlaces(frame), ...inQuery];
  return { places, addition: (part, value) => additionTo(frame, places, part, value) };
}

function indexFrom(text: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}

function queryPlaces({ text, where, dialect, pathEnd }: Frame): Place[] {
  if (text[pathEnd] !== '?') return [];
  const parameters = findParameters(text, pathEnd + 1);
  const refused = parameters.find(({ name }) => dialect.refused.includes(name));
  if (refused) {
    throw unusable(where, `holds the parameter ${refused.name}, which leads past its host; take it out`);
  }
  const places = placesOf(parameters, dialect.query, where);
  for (const { part, value } of places) {
    if (part === 'port') checkPort(value, where);
    if (part === 'host') checkHost(value, where);
  }
  if (places.filter(({ part }) => part === 'host').length > 1) {
    throw unusable(where, 'names several servers; leave the one that holds the database');
  }
  return places;
}

function userPlaces({ text, where, start, end }: Frame): { userinfo: Place[]; hostStart: number } {
  const authority = text.slice(start, end);
  const at = authority.lastIndexOf('@');
  if (at === -1) return { userinfo: [], hostStart: start };
  // Readers differ in which @ ends the password: libpq takes the first, most others the last.
  if (authority.indexOf('@') !== at) throw unusable(where, 'holds two @; write the one of the password as %40');
  const colon = authority.slice(0, at).indexOf(':');
  const userEnd = start + (colon === -1 ? at : colon);
  const decoded = (from: number, to: number): string => percentDecode(text.slice(from, to), where);
  const user: Place = { part: 'user', start, end: userEnd, value: decoded(start, userEnd), write: percentEncode };
  if (colon === -1) return { userinfo: [user], hostStart: start + at + 1 };
  const from = userEnd + 1;
  const to = start + at;
  const password: Place = { part: 'password', start: from, end: to, value: decoded(from, to), write: percentEncode };
  return { userinfo: [user, password], hostStart: to + 1 };
}

const HOST_AND_PORT = /^(\[[0-9A-Fa-f:.%]+\]|[^:[\]]*)(?::(.*))?$/s;

function hostPlaces({ text, where, end }: Frame, hostStart: number, inQuery: readonly Place[]): Place[] {
  const raw = text.slice(hostStart, end);
  checkHost(raw, where);
  const [, host, port] = HOST_AND_PORT.exec(raw) ?? [];
  if (host === undefined) throw unusable(where, 'has a host that cannot be read; an IPv6 address stands in brackets');
  const hostEnd = hostStart + host.length;
  const places: Place[] = [];
  if (host !== '' || !inQuery.some(({ part }) => part === 'host')) {
    const value = percentDecode(host.replace(/^\[|\]$/g, ''), where);
    places.push({ part: 'host', start: hostStart, end: hostEnd, value, write: writeHost });
  }
  if (port !== undefined) {
    checkPort(port, where);
    places.push({ part: 'port', start: hostEnd + 1, end, value: port, write: (value) => value });
  }
  return places;
}

/** An IPv6 address stands in brackets. */
function writeHost(value: string): string {
  return value.includes(':') ? `[${value}]` : percentEncode(value);
}

function databasePlaces({ text, where, dialect, end, pathEnd }: Frame): Place[] {
  const start = end + 1;
  if (start >= pathEnd) return [];
  const raw = text.slice(start, pathEnd);
  if (dialect.databaseIsRaw !== true) {
    return [{ part: 'database', start, end: pathEnd, value: percentDecode(raw, where), write: percentEncode }];
  }
  const write = (value: string): string => {
    if (!/[?#%]/.test(value)) return value;
    throw unusable(where, 'cannot hold the name of the database, which SQLAlchemy takes undecoded: it has ?, # or %');
  };
  return [{ part: 'database', start, end: pathEnd, value: raw, write }];
}

function additionTo(frame: Frame, places: readonly Place[], part: AddedPart, value: string) {
  const { text, end, pathEnd } = frame;
  if (part === 'database') {
    const slash = text[end] === '/' ? '' : '/';
    return { at: pathEnd, text: slash + percentEncode(value) };
  }
  const host = places.find((place) => place.part === 'host');
  // The host stands in the query: the port belongs beside it.
  if (part === 'port' && host !== undefined && host.start > pathEnd) return { at: host.end, text: `&port=${value}` };
  return { at: end, text: part === 'port' ? `:${value}` : writeHost(value) };
}
