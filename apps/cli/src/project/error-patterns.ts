/**
 * What PostgreSQL, its drivers and frameworks print when something is not where it is looked for. People paste these
 * texts from logs, cut and quoted in every way: reading them is a courtesy, nothing that Rehome does hangs on it.
 */
export type ErrorKind =
  | 'missing-relation'
  | 'missing-column'
  | 'missing-schema'
  | 'missing-database'
  | 'missing-role'
  | 'relation-there-already'
  | 'no-rights'
  | 'wrong-password'
  | 'no-connection'
  | 'across-databases'
  | 'orphaned-rows'
  | 'lock-timeout';

export interface RecognisedError {
  readonly kind: ErrorKind;
  /** As the text names it: `simulation_results`, `audit.events`; empty where it names nothing. */
  readonly object: string;
  /** Its column, or the other table. */
  readonly detail?: string;
}

/** Quotes as servers print them, and as chats and documents make of them. */
const Q = String.raw`\\?["'“”‘’«»„\x60]`;
const NAME = String.raw`${Q}(?<object>[^"'“”‘’«»„\x60\\]+)${Q}`;
const PLAIN = String.raw`(?<object>[\w.]+)`;

/** The first that fits counts. */
const PATTERNS: readonly { readonly kind: ErrorKind; readonly pattern: RegExp }[] = [
  {
    kind: 'missing-column',
    pattern: of(String.raw`column ${Q}(?<detail>[^"'“”‘’]+)${Q} of relation ${NAME} does not exist`),
  },
  { kind: 'missing-column', pattern: of(String.raw`column ${PLAIN}\.(?<detail>\w+) does not exist`) },
  {
    kind: 'orphaned-rows',
    pattern: of(String.raw`(?:insert or update on|on) table ${NAME} violates foreign key constraint`),
  },
  { kind: 'relation-there-already', pattern: of(String.raw`(?:relation|table) ${NAME} already exists`) },
  {
    kind: 'missing-relation',
    pattern: of(String.raw`(?:relation|table|view|materialized view) ${NAME} does not exist`),
  },
  // psycopg of SQLite, and MySQL: the program talks to another kind of database than it should.
  { kind: 'missing-relation', pattern: of(String.raw`no such table: ${PLAIN}`) },
  { kind: 'missing-schema', pattern: of(String.raw`schema ${NAME} does not exist`) },
  { kind: 'missing-database', pattern: of(String.raw`database ${NAME} does not exist`) },
  { kind: 'missing-role', pattern: of(String.raw`(?:role|user) ${NAME} does not exist`) },
  { kind: 'wrong-password', pattern: of(String.raw`password authentication failed for user ${NAME}`) },
  { kind: 'wrong-password', pattern: of(String.raw`no pg_hba\.conf entry for host .*?user ${NAME}`) },
  { kind: 'across-databases', pattern: of(String.raw`cross-database references are not implemented: ${NAME}`) },
  {
    kind: 'no-rights',
    pattern: of(
      String.raw`permission denied for (?:table|relation|view|sequence|schema|database|function) (?:${NAME}|${PLAIN})`,
      true,
    ),
  },
  {
    kind: 'no-rights',
    pattern: of(String.raw`must be owner of (?:table|relation|view|sequence|index) (?:${NAME}|${PLAIN})`, true),
  },
  { kind: 'no-connection', pattern: of(String.raw`could not translate host name ${NAME}`) },
  { kind: 'no-connection', pattern: of(String.raw`connection to server at ${NAME}.*?failed`) },
  { kind: 'no-connection', pattern: /(?<object>)connection refused|ECONNREFUSED|ENOTFOUND/i },
  { kind: 'lock-timeout', pattern: /(?<object>)canceling statement due to lock timeout/i },
];

/** What a text says; undefined when it says nothing that we know. */
export function recognise(text: string): RecognisedError | undefined {
  for (const { kind, pattern } of PATTERNS) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) continue;
    const { object = groups['plain'] ?? '', detail } = groups;
    return { kind, object: object.trim(), ...(detail === undefined ? {} : { detail }) };
  }
  return undefined;
}

/** Case is no matter, line breaks are blanks. */
function of(source: string, named = false): RegExp {
  // A group of one name may stand only once.
  const text = named ? source.replace(`|${PLAIN}`, '|(?<plain>[\\w.]+)') : source;
  return new RegExp(text.replaceAll(' ', String.raw`\s+`), 'is');
}
