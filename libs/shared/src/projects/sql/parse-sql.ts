import { hasSqlDetails, loadModule, parseSync } from 'libpg-query';

/** One statement as PostgreSQL's parser delimits it; bytes of UTF-8. */
export interface RawStatement {
  readonly tree: Readonly<Record<string, unknown>>;
  readonly startByte: number;
  /** Absent: to the end of the text. */
  readonly lengthBytes?: number;
}

export type ParsedSql =
  | { readonly ok: true; readonly statements: readonly RawStatement[] }
  /** Characters before the place that the parser stumbled over. */
  | { readonly ok: false; readonly message: string; readonly offset: number };

/** Must have been awaited once before any call of `parseSql`. */
export const parserReady: () => Promise<void> = loadModule;

/** The parser: what libpg_query gives is plain JSON, typed here. */
export function parseSql(text: string): ParsedSql {
  // It refuses a text without any statement.
  if (text.trim() === '') return { ok: true, statements: [] };
  try {
    const { stmts = [] } = parseSync(text);
    const deep = stmts.find(({ stmt }) => isTooDeep(stmt));
    if (deep !== undefined) return tooDeep(deep.stmt_location);
    return {
      ok: true,
      statements: stmts.map(({ stmt, stmt_location: startByte = 0, stmt_len: lengthBytes }) => ({
        tree: stmt as unknown as Readonly<Record<string, unknown>>,
        startByte,
        ...(lengthBytes === undefined || lengthBytes === 0 ? {} : { lengthBytes }),
      })),
    };
  } catch (error) {
    // Reading its answer ran out of stack.
    if (error instanceof RangeError) return tooDeep();
    if (!hasSqlDetails(error)) throw error;
    return { ok: false, message: error.message, offset: error.sqlDetails?.cursorPosition ?? 0 };
  }
}

/** Levels of the tree; a text of 1 MiB may nest so that walking it would run out of stack. */
const DEEPEST = 2_000;

function tooDeep(offset = 0): ParsedSql {
  return { ok: false, message: 'this statement nests too deeply; write it as several', offset };
}

function isTooDeep(tree: unknown): boolean {
  const left: [unknown, number][] = [[tree, 0]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [value, depth] = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > DEEPEST) return true;
    for (const inner of Object.values(value)) left.push([inner, depth + 1]);
  }
  return false;
}
