import type { ProjectProblem } from '../migration-file.js';

/** A word of a header and the line where it stands. */
export interface HeaderWord {
  readonly text: string;
  readonly line: number;
}

/** What the comments on top of a script say. */
export interface ScriptHeader {
  readonly requires: readonly HeaderWord[];
  readonly conflicts: readonly HeaderWord[];
  readonly transaction: 'on' | 'off';
  readonly lockTimeoutMs?: number;
  readonly phase?: 'expand' | 'contract';
  /** Alias of the database that it belongs to, where nothing in it tells. */
  readonly database?: HeaderWord;
  readonly problems: readonly ProjectProblem[];
}

/** What a header may say; docs/reference/projects.md and this list are held together by a test. */
export const HEADER_KEYS = ['requires', 'conflicts', 'transaction', 'lock-timeout', 'phase', 'database'] as const;
type Key = (typeof HEADER_KEYS)[number];

/** What people write when they mean one of ours: read as a comment it would silently do nothing. */
const MEANT: ReadonlyMap<string, Key> = new Map(
  Object.entries({
    require: 'requires',
    required: 'requires',
    depends: 'requires',
    'depends-on': 'requires',
    depends_on: 'requires',
    dependencies: 'requires',
    conflict: 'conflicts',
    transactions: 'transaction',
    transactional: 'transaction',
    lock_timeout: 'lock-timeout',
    locktimeout: 'lock-timeout',
    databases: 'database',
  } as const),
);

type Written = { -readonly [K in keyof ScriptHeader]?: ScriptHeader[K] };

/** Reads the comments before the first statement: `-- requires: app/0003, 0002` and so on; all else is prose. */
export function readHeader(path: string, text: string): ScriptHeader {
  const problems: ProjectProblem[] = [];
  const written: Written = {};
  const seen = new Set<string>();
  for (const { key, value, line } of headerLines(text)) {
    const problem = (message: string): number => problems.push({ path, line, message });
    const meant = MEANT.get(key);
    if (meant !== undefined) problem(`"${key}" is no header; write "-- ${meant}: …"`);
    if (!isKey(key)) continue;
    if (seen.has(key) && key !== 'requires' && key !== 'conflicts') problem(`"${key}" stands twice in the header`);
    seen.add(key);
    const wrong = take(written, key, { text: value, line });
    if (wrong !== undefined) problem(wrong);
  }
  return { requires: [], conflicts: [], transaction: 'on', ...written, problems };
}

/** Sets what a line says, or answers what is wrong with it. */
function take(written: Written, key: Key, { text, line }: HeaderWord): string | undefined {
  switch (key) {
    case 'requires':
    case 'conflicts': {
      const words = text.split(',').flatMap((word) => (word.trim() === '' ? [] : [{ text: word.trim(), line }]));
      written[key] = [...(written[key] ?? []), ...words];
      return words.length === 0
        ? `"${key}" names no version: write "-- ${key}: 0003" or "-- ${key}: app/0003"`
        : undefined;
    }
    case 'transaction':
      if (text !== 'on' && text !== 'off') return `"transaction" is "${text}"; write "off", or leave the line out`;
      written.transaction = text;
      return undefined;
    case 'phase':
      if (text !== 'expand' && text !== 'contract') return `"phase" is "${text}"; write "expand" or "contract"`;
      written.phase = text;
      return undefined;
    case 'lock-timeout': {
      const ms = millisecondsOf(text);
      if (ms === undefined) return `"lock-timeout" is "${text}"; write a time with its unit, such as "2s" or "500ms"`;
      written.lockTimeoutMs = ms;
      return undefined;
    }
    case 'database':
      if (!/^\S+$/.test(text)) return `"database" is "${text}"; write the alias of one database of project.yaml`;
      written.database = { text, line };
      return undefined;
  }
}

function* headerLines(text: string): Generator<{ key: string; value: string; line: number }> {
  for (const [index, whole] of text.split('\n').entries()) {
    const written = whole.trim();
    if (written === '') continue;
    if (!written.startsWith('--')) return;
    const [, key, value] = /^--\s*([a-z_-]+)\s*:\s*(.*)$/i.exec(written) ?? [];
    if (key !== undefined && value !== undefined) yield { key: key.toLowerCase(), value, line: index + 1 };
  }
}

function isKey(text: string): text is Key {
  return HEADER_KEYS.some((key) => key === text);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };

function millisecondsOf(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,9})\s*(ms|s|min)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit];
  if (amount === undefined || factor === undefined) return undefined;
  const ms = Number(amount) * factor;
  // 0 means no limit to PostgreSQL, and 2^31 - 1 is all that it takes.
  return ms > 0 && ms < 2 ** 31 ? ms : undefined;
}
