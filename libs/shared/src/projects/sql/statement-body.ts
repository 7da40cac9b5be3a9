import type { SqlStatement, StatementBody } from '../migration-file.js';
import { isOutsideTransaction } from './outside-transaction.js';
import { parseSql } from './parse-sql.js';
import { bodyTexts } from './plpgsql.js';
import { listAt, namesIn, nodeAt, textAt, type Tree } from './tree.js';

type Outer = Pick<SqlStatement, 'text' | 'line' | 'offset' | 'node' | 'tree'>;

/** Languages whose functions bring no text of their own to be read. */
const WITHOUT_TEXT = new Set(['c', 'internal']);

/** What the text of a block, function or procedure runs; undefined for other statements. */
export function statementBody(outer: Outer): StatementBody | undefined {
  const body = nodeAt(outer.tree, outer.node) ?? {};
  if (outer.node === 'DoStmt') return bodyIn(outer, 'args', body);
  return outer.node === 'CreateFunctionStmt' ? bodyIn(outer, 'options', body) : undefined;
}

function bodyIn(outer: Outer, list: string, body: Tree): StatementBody | undefined {
  const option = (name: string): Tree | undefined =>
    listAt(body, list)
      .map((item) => nodeAt(item, 'DefElem'))
      .find((element) => textAt(element, 'defname') === name);
  const text = option('as')?.['arg'];
  // `begin atomic … end` is no text: its statements stand in the tree.
  if (text === undefined) return undefined;
  const language = textAt(nodeAt(option('language'), 'arg', 'String'), 'sval')?.toLowerCase() ?? 'plpgsql';
  if (WITHOUT_TEXT.has(language)) return undefined;
  if (language === 'sql') return inSql(outer, namesIn(text).join());
  return language === 'plpgsql' ? inPlPgSql(outer) : HIDDEN;
}

const HIDDEN: StatementBody = { statements: [], hidden: true };

function inSql(outer: Outer, text: string): StatementBody {
  const statements = parsed(outer, text);
  return statements === undefined ? HIDDEN : { statements, hidden: statements.some(({ body }) => body?.hidden) };
}

function inPlPgSql(outer: Outer): StatementBody {
  const parts = bodyTexts(outer.text)?.map(({ text, executed }) => {
    const own = parsed(outer, text);
    if (!executed || own === undefined) return own;
    const constant = constantIn(own);
    const run = constant === undefined ? undefined : parsed(outer, constant);
    return run === undefined ? undefined : [...own, ...run];
  });
  if (parts === undefined) return HIDDEN;
  const statements = parts.flatMap((part) => part ?? []);
  return { statements, hidden: parts.includes(undefined) || statements.some(({ body }) => body?.hidden) };
}

/** Statements of a text within another statement, which stands for their place. */
function parsed({ line, offset }: Outer, text: string): SqlStatement[] | undefined {
  const answer = parseSql(text);
  if (!answer.ok) return undefined;
  return answer.statements.map(({ tree }) => {
    const node = Object.keys(tree)[0] ?? '';
    const inner = { text, line, offset, node, tree };
    const body = statementBody(inner);
    const outsideTransaction = isOutsideTransaction(node, nodeAt(tree, node) ?? {});
    return { ...inner, outsideTransaction, ...(body === undefined ? {} : { body }) };
  });
}

/** The text that `select '…'` yields. */
function constantIn([statement, ...more]: readonly SqlStatement[]): string | undefined {
  const [target, ...others] = listAt(nodeAt(statement?.tree, 'SelectStmt'), 'targetList');
  if (more.length > 0 || others.length > 0) return undefined;
  return textAt(nodeAt(target, 'ResTarget', 'val', 'A_Const', 'sval'), 'sval');
}
