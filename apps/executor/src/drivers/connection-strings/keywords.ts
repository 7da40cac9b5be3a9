import {
  checkHost,
  checkPort,
  isPlaceholder,
  placeholders,
  unusable,
  type Located,
  type Part,
  type Place,
} from './places.js';

const PARTS_BY_KEYWORD: Readonly<Record<string, Part>> = {
  host: 'host',
  port: 'port',
  user: 'user',
  password: 'password',
  dbname: 'database',
};
const KEYWORDS = { host: 'host', port: 'port', database: 'dbname' } as const;

/** One `keyword = value` of libpq, the value quoted or with backslashes before blanks, quotes and backslashes. */
const PAIR = /\s*([a-z][a-z_]*)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*|(?=\s|$))/gsy;

/**
 * Takes a keyword string of libpq apart, `host=db port=5432 dbname='a b'`.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
 */
export function locateKeywords(text: string, where: string): Located {
  const places: Place[] = [];
  PAIR.lastIndex = 0;
  let behind = 0;
  for (let match = PAIR.exec(text); match; match = PAIR.exec(text)) {
    behind = PAIR.lastIndex;
    const [, keyword = '', raw = ''] = match;
    if (keyword === 'hostaddr') throw unusable(where, 'holds hostaddr, which leads past its host; take it out');
    if (Object.hasOwn(PARTS_BY_KEYWORD, keyword)) places.push(placeOf(keyword, raw, behind, where));
  }
  if (behind === 0 || text.slice(behind).trim() !== '') {
    throw unusable(where, 'is neither a URL nor keyword=value pairs as libpq reads them');
  }
  return {
    places,
    addition: (part, value) => ({ at: behind, text: ` ${KEYWORDS[part]}=${writeKeyword(value, false)}` }),
  };
}

function placeOf(keyword: string, raw: string, end: number, where: string): Place {
  const part = PARTS_BY_KEYWORD[keyword] ?? 'host';
  const quoted = raw.startsWith("'");
  const value = (quoted ? raw.slice(1, -1) : raw).replace(/\\(.)/gs, '$1');
  // A password may hold such characters and mean them.
  if (part === 'password' ? /^\$\{[^}]*\}$/.test(value) : isPlaceholder(value)) throw placeholders(where);
  if (part === 'port') checkPort(value, where);
  if (part === 'host') checkHost(value, where);
  return { part, start: end - raw.length, end, value, write: (next) => writeKeyword(next, quoted) };
}

function writeKeyword(value: string, quoted: boolean): string {
  if (!quoted && value !== '' && !/[\s'\\]/.test(value)) return value;
  return `'${value.replace(/['\\]/g, (c) => `\\${c}`)}'`;
}
