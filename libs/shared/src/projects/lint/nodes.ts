import type { AlterTableCmd, ColumnDef, Constraint, Node } from 'libpg-query';
import type { SqlStatement } from '../migration-file.js';

type KindOf<One> = One extends unknown ? keyof One : never;
/** `IndexStmt`, `ColumnDef`: every kind that PostgreSQL's parser gives. */
export type NodeKind = KindOf<Node>;
export type NodeOf<Kind extends NodeKind> = Extract<Node, Record<Kind, unknown>>[Kind];

/** The body of a statement when it is of that kind. */
export function statementAs<Kind extends NodeKind>(statement: SqlStatement, kind: Kind): NodeOf<Kind> | undefined {
  // The parser's own JSON: its types say what stands in it.
  return nodeAs(statement.tree as unknown as Node, kind);
}

/** The body of a node when it is of that kind. */
export function nodeAs<Kind extends NodeKind>(node: Node | undefined, kind: Kind): NodeOf<Kind> | undefined {
  if (node === undefined || !(kind in node)) return undefined;
  return (node as unknown as Readonly<Record<Kind, NodeOf<Kind>>>)[kind];
}

/** Texts of a list of names: `public`, `orders`. */
export function namesOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => nodeAs(node, 'String')?.sval ?? []);
}

/** Parts of `ALTER TABLE`; none of another statement. */
export function tableCommands(statement: SqlStatement): AlterTableCmd[] {
  const alter = statementAs(statement, 'AlterTableStmt');
  if (alter === undefined || !['OBJECT_TABLE', 'OBJECT_MATVIEW'].includes(alter.objtype ?? '')) return [];
  return (alter.cmds ?? []).flatMap((command) => nodeAs(command, 'AlterTableCmd') ?? []);
}

/** Columns that `ALTER TABLE` adds. */
export function addedColumns(statement: SqlStatement): ColumnDef[] {
  return tableCommands(statement)
    .filter(({ subtype }) => subtype === 'AT_AddColumn')
    .flatMap(({ def }) => nodeAs(def, 'ColumnDef') ?? []);
}

/** Columns that `CREATE TABLE` makes. */
export function createdColumns(statement: SqlStatement): ColumnDef[] {
  const elements = statementAs(statement, 'CreateStmt')?.tableElts ?? [];
  return elements.flatMap((element) => nodeAs(element, 'ColumnDef') ?? []);
}

/** Constraints that `ALTER TABLE` adds by themselves, not with a column. */
export function addedConstraints(statement: SqlStatement): Constraint[] {
  return tableCommands(statement)
    .filter(({ subtype }) => subtype === 'AT_AddConstraint')
    .flatMap(({ def }) => nodeAs(def, 'Constraint') ?? []);
}

export function constraintsOf(column: ColumnDef): Constraint[] {
  return (column.constraints ?? []).flatMap((node) => nodeAs(node, 'Constraint') ?? []);
}

export function hasConstraint(column: ColumnDef, ...kinds: readonly Constraint['contype'][]): boolean {
  return constraintsOf(column).some(({ contype }) => kinds.includes(contype));
}

/** Every node below one, itself included, depth first. */
export function* nodesBelow(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodesBelow(item);
  else if (typeof value === 'object' && value !== null) {
    yield value as Node;
    for (const below of Object.values(value)) yield* nodesBelow(below);
  }
}

/** Whether an option such as `(concurrently)` or `(full on)` is switched on. */
export function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  const option = (options ?? []).map((node) => nodeAs(node, 'DefElem')).find((element) => element?.defname === name);
  if (option === undefined) return false;
  const word = nodeAs(option.arg, 'String')?.sval?.toLowerCase() ?? 'on';
  return !['off', 'false', '0'].includes(word);
}
