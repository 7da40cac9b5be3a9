import { parsePlPgSQLSync } from 'libpg-query';
import { isTree, nodeAt, textAt } from './tree.js';

/** An expression or statement of a body, as SQL that the parser takes. */
export interface BodyText {
  readonly text: string;
  /** It yields the text of a statement, which is run: `execute`. */
  readonly executed: boolean;
}

/** Modes of PL/pgSQL's own parser: whole statements, what stands behind SELECT, and `variable := …`. */
const [STATEMENT, EXPRESSION, ASSIGNMENT] = [0, 2, 3];

/**
 * Every statement and expression of the body that a `create function` or `do` of PL/pgSQL brings, in no order that means
 * anything; undefined where it cannot be read.
 */
export function bodyTexts(statement: string): BodyText[] | undefined {
  try {
    return textsBelow(parsePlPgSQLSync(statement), false);
  } catch {
    return undefined;
  }
}

function textsBelow(value: unknown, executed: boolean): BodyText[] {
  if (Array.isArray(value)) return (value as readonly unknown[]).flatMap((item) => textsBelow(item, executed));
  if (!isTree(value)) return [];
  const expression = nodeAt(value, 'PLpgSQL_expr');
  if (expression !== undefined) {
    const text = sqlOf(textAt(expression, 'query') ?? '', Number(expression['parseMode'] ?? STATEMENT));
    return text === undefined ? [] : [{ text, executed }];
  }
  return Object.entries(value).flatMap(([key, below]) => {
    if (!EXECUTING.has(key) || !isTree(below)) return textsBelow(below, key === 'dynquery');
    const { query, ...rest } = below;
    return [...textsBelow(query, true), ...textsBelow(rest, false)];
  });
}

/** `execute`, and `for … in execute`; `open` and `return query` have a `dynquery`. */
const EXECUTING = new Set(['PLpgSQL_stmt_dynexecute', 'PLpgSQL_stmt_dynfors']);

function sqlOf(query: string, mode: number): string | undefined {
  if (mode === STATEMENT) return query;
  if (mode === EXPRESSION) return `select ${query}`;
  return mode >= ASSIGNMENT ? query.replace(/^.*?:?=/s, 'select ') : undefined;
}
