import { spliceText } from '../config-files/file-text.js';
import { locateKeywords } from './keywords.js';
import { isPlaceholder, PARTS, placeholders, unusable, type AddedPart, type Locate, type Part } from './places.js';
import { locateUri, type UriDialect } from './uri.js';

/** What the application must connect to; a port that a string does not name is 5432 to every client. */
export type ConnectionParts = Readonly<Record<Part, string>>;

const DEFAULT_PORT = '5432';

/** `postgres://`, `postgresql://` and what frameworks put before or instead of it, such as `r2dbc:` and `postgis`. */
const LIBPQ_URI: UriDialect = {
  scheme: /^(?:r2dbc:(?:pool:)?|vertx-reactive:)?(?:postgres(?:ql)?|postgis|pgsql):\/\//i,
  query: {
    parts: { host: 'host', port: 'port', user: 'user', password: 'password', dbname: 'database' },
    plusIsSpace: false,
  },
  refused: ['hostaddr'],
};

/** `postgresql+psycopg2://`, `postgresql+asyncpg://`. https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls */
const SQLALCHEMY: UriDialect = {
  scheme: /^postgres(?:ql)?\+\w+:\/\//i,
  query: {
    parts: { host: 'host', port: 'port', user: 'user', password: 'password', dbname: 'database', database: 'database' },
    plusIsSpace: true,
  },
  refused: ['hostaddr'],
  databaseIsRaw: true,
};

/** `jdbc:postgresql://`, also behind the name of a wrapping driver. https://jdbc.postgresql.org/documentation/use/ */
const JDBC: UriDialect = {
  scheme: /^jdbc:(?:[\w-]+:)*postgresql:\/\//i,
  query: { parts: { user: 'user', password: 'password' }, plusIsSpace: true },
  refused: ['PGHOST', 'PGPORT', 'PGDBNAME'],
};

function locatorOf(text: string, where: string): Locate {
  const dialect = [LIBPQ_URI, SQLALCHEMY, JDBC].find(({ scheme }) => scheme.test(text));
  if (dialect && isPlaceholder(text)) throw placeholders(where);
  if (dialect) return (string, place) => locateUri(string, place, dialect);
  if (/^jdbc:/i.test(text)) throw unusable(where, 'is not of the form jdbc:postgresql://host:port/database');
  if (/^\w+:\/\//.test(text)) throw unusable(where, 'is not one of PostgreSQL');
  return locateKeywords;
}

/**
 * What a connection string says, decoded; parts that it lacks are absent. Formats: URIs and keyword strings of libpq,
 * JDBC, SQLAlchemy. `where` names it in messages, none of which holds any of it.
 * @throws RehomeError CONNECTION_STRING_UNUSABLE
 */
export function readConnectionString(text: string, where: string): Partial<ConnectionParts> {
  const { places } = locatorOf(text, where)(text, where);
  // Of a part that stands twice clients take the last.
  return Object.fromEntries(places.filter(({ value }) => value !== '').map(({ part, value }) => [part, value]));
}

/**
 * Replaces host, port, user, password and database, and keeps everything else: parameters, their order, encoding, the
 * driver. A user or password that the string lacks is left out; so are `elsewhere`, the parts that have keys of their own.
 * @throws RehomeError CONNECTION_STRING_UNUSABLE
 */
export function rewriteConnectionString(
  text: string,
  to: ConnectionParts,
  { where, elsewhere = new Set() }: { readonly where: string; readonly elsewhere?: ReadonlySet<Part> },
): string {
  const { places, addition } = locatorOf(text, where)(text, where);
  const replaced = places
    .filter(({ part, value }) => value !== to[part] && !(value === '' && elsewhere.has(part)))
    .map(({ part, start, end, write }) => ({ start, end, text: write(to[part]) }));
  const added = (['host', 'port', 'database'] as const)
    .filter((part) => !places.some((place) => place.part === part) && isNeeded(part, to, elsewhere))
    .map((part) => addition(part, to[part]))
    .map(({ at, text: addedText }) => ({ start: at, end: at, text: addedText }));
  const result = spliceText(text, [...replaced, ...added]);
  const said = readConnectionString(result, where);
  if (places.some(({ part }) => !elsewhere.has(part) && said[part] !== to[part])) {
    throw unusable(where, 'cannot hold the new connection; write it in its usual form');
  }
  return result;
}

function isNeeded(part: AddedPart, to: ConnectionParts, elsewhere: ReadonlySet<Part>): boolean {
  return !elsewhere.has(part) && (part !== 'port' || to.port !== DEFAULT_PORT);
}

/** Stands for each part while a template is taken apart. */
const SAMPLES: ConnectionParts = { user: 'user', password: 'password', host: 'host', port: '1', database: 'database' };

/**
 * Makes a connection string of a template with `{user}`, `{password}`, `{host}`, `{port}` and `{database}` in the places
 * of its parts, each written as the string's format needs it.
 * @throws RehomeError CONNECTION_STRING_UNUSABLE also for a template whose host or password is not a placeholder.
 */
export function fillConnectionTemplate(template: string, to: ConnectionParts, where: string): string {
  const sample = template.replace(/\{(user|password|host|port|database)\}/g, (_, part: Part) => SAMPLES[part]);
  const said = readConnectionString(sample, where);
  const literal = PARTS.find((part) => said[part] !== undefined && !template.includes(`{${part}}`));
  if (literal !== undefined) throw unusable(where, `names its ${literal}; write {${literal}} there`);
  if (said.host === undefined) throw unusable(where, 'has no place for the host; write {host} there');
  return rewriteConnectionString(sample, to, { where });
}

/** Whether a template holds the password, which can then be set only by who knows it. */
export function holdsPassword(template: string): boolean {
  return template.includes('{password}');
}
