import type { ProjectProblem, SqlStatement } from '../migration-file.js';
import { isOutsideTransaction } from './outside-transaction.js';
import { parseSql, type RawStatement } from './parse-sql.js';
import { characterOffsets, firstToken, lineIndex } from './positions.js';
import { syntaxHint } from './refused-statements.js';
import { statementBody } from './statement-body.js';
import { nodeAt } from './tree.js';

export interface SplitSql {
  /** Empty when there is a problem. */
  readonly statements: readonly SqlStatement[];
  readonly problems: readonly ProjectProblem[];
}

/** The statements of a script, as PostgreSQL's own parser delimits them; `parserReady` must have been awaited. */
export function splitSql(path: string, text: string): SplitSql {
  const lineAt = lineIndex(text);
  const parsed = parseSql(text);
  if (!parsed.ok) {
    const message = `${parsed.message}${syntaxHint(text, parsed.offset)}`;
    return { statements: [], problems: [{ path, line: lineAt(parsed.offset), message }] };
  }
  const characterAt = characterOffsets(text);
  const statements = parsed.statements.map((raw): SqlStatement => {
    const { offset, end } = boundsOf(text, raw, characterAt);
    const node = Object.keys(raw.tree)[0] ?? '';
    const own = { text: text.slice(offset, end).trimEnd(), line: lineAt(offset), offset, node, tree: raw.tree };
    const body = statementBody(own);
    const outsideTransaction = isOutsideTransaction(node, nodeAt(raw.tree, node) ?? {});
    return { ...own, outsideTransaction, ...(body === undefined ? {} : { body }) };
  });
  return { statements, problems: [] };
}

function boundsOf(text: string, raw: RawStatement, characterAt: (byte: number) => number) {
  const start = characterAt(raw.startByte);
  const end = raw.lengthBytes === undefined ? text.length : characterAt(raw.startByte + raw.lengthBytes);
  return { offset: firstToken(text, start), end };
}
