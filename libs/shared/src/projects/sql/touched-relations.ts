import type { SqlStatement } from '../migration-file.js';
import { noteMade, type MadeRelations } from './made-relations.js';
import { namesOfObject, relationName } from './named-objects.js';
import { flagAt, isTree, listAt, nodeAt, textAt, type Tree } from './tree.js';

/** A relation that a script names. */
export interface TouchedRelation {
  /** As written: `simulation_results`, `audit.events`. */
  readonly name: string;
  readonly line: number;
  /**
   * `table`: a table, as far as a script tells, or a view that another script made. `other`: surely none; it lives where
   * its table lives. `mentioned`: what the body of a function names, a table or what only stands there when it is called.
   */
  readonly kind: 'table' | 'other' | 'mentioned';
}

export interface TouchedByScript {
  /** In the order of their first mention; what the script makes for itself only is left out. */
  readonly touched: readonly TouchedRelation[];
  /** Tables that stand there when it is through and did not before. */
  readonly creates: readonly string[];
  /** Views, indexes, sequences and partitions that it makes: they live where their tables live. */
  readonly makes: readonly string[];
}

/** Which relations the statements of one script name, make and drop; what only exists in a session is not among them. */
export function touchedRelations(statements: readonly SqlStatement[]): TouchedByScript {
  const found = new Map<string, TouchedRelation>();
  const made: MadeRelations = { tables: new Set(), others: new Set(), temporary: new Set() };
  for (const statement of executed(statements)) {
    const { node, tree, line, body: inner } = statement;
    const body = nodeAt(tree, node) ?? {};
    const own = statementRelations(node, body);
    const mentioned = node === 'DoStmt' ? [] : mentionedIn(inner?.statements ?? []);
    for (const relation of [...own, ...mentioned]) {
      const known = found.get(relation.name);
      if (known === undefined || known.kind === 'mentioned') found.set(relation.name, { line, ...relation });
    }
    noteMade(made, node, body);
  }
  return {
    touched: [...found.values()].filter(({ name }) => !made.temporary.has(name) && !isEverywhere(name)),
    creates: [...made.tables].filter((name) => !made.temporary.has(name)),
    makes: [...made.others].filter((name) => !made.temporary.has(name)),
  };
}

/** Statements as they are run: a block is followed by what it runs. */
export function executed(statements: readonly SqlStatement[]): SqlStatement[] {
  return statements.flatMap((statement) =>
    statement.node === 'DoStmt' ? [statement, ...executed(statement.body?.statements ?? [])] : [statement],
  );
}

/** What the statements of a function name: it runs later, if ever. */
function mentionedIn(statements: readonly SqlStatement[]): Named[] {
  return touchedRelations(statements).touched.map(({ name }) => ({ name, kind: 'mentioned' }));
}

type Named = Omit<TouchedRelation, 'line'>;

function statementRelations(node: string, body: Tree): Named[] {
  const kind = isOther(node, body) ? 'other' : 'table';
  const own = kind === 'other' ? relationName(ownRelation(body)) : undefined;
  const onSequences = node === 'GrantStmt' && textAt(body, 'objtype') === 'OBJECT_SEQUENCE';
  const found = walk(body, new Set()).map((name): Named => {
    return { name, kind: name === own || onSequences ? 'other' : 'table' };
  });
  return [...found, ...namesOfObject(node, body)];
}

/** Whether what a statement is about is no table: its own name tells nothing of a database. */
function isOther(node: string, body: Tree): boolean {
  const type =
    textAt(body, 'objtype') ?? textAt(body, 'renameType') ?? textAt(body, 'objectType') ?? textAt(body, 'kind');
  if (type !== undefined && /_(?:INDEX|VIEW|MATVIEW|SEQUENCE|TYPE)$/.test(type)) return true;
  return ['ViewStmt', 'CreateSeqStmt', 'AlterSeqStmt', 'CompositeTypeStmt', 'RefreshMatViewStmt'].includes(node);
}

function ownRelation(body: Tree): Tree | undefined {
  return (
    nodeAt(body, 'relation') ??
    nodeAt(body, 'view') ??
    nodeAt(body, 'sequence') ??
    nodeAt(body, 'typevar') ??
    nodeAt(body, 'into', 'rel')
  );
}

/** Every range variable below a node; names of common table expressions are no relations. */
function walk(value: unknown, expressions: ReadonlySet<string>): string[] {
  if (Array.isArray(value)) return (value as readonly unknown[]).flatMap((item) => walk(item, expressions));
  if (!isTree(value)) return [];
  const name = relationName(value);
  if (name !== undefined) return expressions.has(name) ? [] : [name];
  const clause = nodeAt(value, 'withClause');
  if (clause === undefined) return Object.values(value).flatMap((item) => walk(item, expressions));
  return walkWith(value, clause, expressions);
}

function walkWith(body: Tree, clause: Tree, outer: ReadonlySet<string>): string[] {
  const scope = new Set(outer);
  const expressions = listAt(clause, 'ctes').map((item) => nodeAt(item, 'CommonTableExpr'));
  const nameOne = (expression: Tree | undefined): unknown => scope.add(textAt(expression, 'ctename') ?? '');
  // Without `recursive` a query sees the ones before it, not itself: its own name is that of a table.
  const recursive = flagAt(clause, 'recursive');
  if (recursive) expressions.forEach(nameOne);
  const inside = expressions.flatMap((expression) => {
    const found = walk(expression, new Set(scope));
    nameOne(expression);
    return found;
  });
  const { withClause: _walked, relation, ...rest } = body;
  // What is written to is a table, whatever else has its name.
  return [...inside, ...walk(relation, outer), ...Object.values(rest).flatMap((item) => walk(item, scope))];
}

/** What stands in every database: catalogues, and our own bookkeeping. */
function isEverywhere(name: string): boolean {
  return /^(?:pg_|information_schema\.|rehome\.)/.test(name);
}
