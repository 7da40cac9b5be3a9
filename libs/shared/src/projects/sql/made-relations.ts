import { namesOfObject, relationName } from './named-objects.js';
import { isTree, listAt, nodeAt, textAt, type Tree } from './tree.js';

/** What the statements of a script have made so far. */
export interface MadeRelations {
  readonly tables: Set<string>;
  /** What lives where its table lives: views, indexes, sequences, partitions. */
  readonly others: Set<string>;
  readonly temporary: Set<string>;
}

type Note = (made: MadeRelations, body: Tree) => void;

const NOTES: Readonly<Record<string, Note>> = {
  CreateStmt: (made, body) => noteTable(made, nodeAt(body, 'relation'), nodeAt(body, 'partbound') !== undefined),
  CreateForeignTableStmt: (made, body) => noteTable(made, nodeAt(body, 'base', 'relation')),
  CreateTableAsStmt: (made, body) => {
    const relation = nodeAt(body, 'into', 'rel');
    if (textAt(body, 'objtype') === 'OBJECT_MATVIEW') noteOther(made, relation);
    else noteTable(made, relation);
  },
  SelectStmt: (made, body) => noteTable(made, nodeAt(body, 'intoClause', 'rel')),
  CreateSchemaStmt: (made, body) => {
    for (const element of listAt(body, 'schemaElts')) {
      const [node, inner] = isTree(element) ? (Object.entries(element)[0] ?? []) : [];
      if (node !== undefined && isTree(inner)) noteMade(made, node, inner);
    }
  },
  ViewStmt: (made, body) => noteOther(made, nodeAt(body, 'view')),
  CreateSeqStmt: (made, body) => noteOther(made, nodeAt(body, 'sequence')),
  CompositeTypeStmt: (made, body) => noteOther(made, nodeAt(body, 'typevar')),
  IndexStmt: (made, body) => {
    const name = textAt(body, 'idxname');
    if (name !== undefined) made.others.add(name);
  },
  RenameStmt: noteRename,
  AlterObjectSchemaStmt: noteMove,
  DropStmt: (made, body) => {
    for (const { name } of namesOfObject('DropStmt', body)) made.tables.delete(name);
  },
};

/** Adds what a statement makes; what it drops or renames is not made any more. */
export function noteMade(made: MadeRelations, node: string, body: Tree): void {
  NOTES[node]?.(made, body);
}

function noteTable(made: MadeRelations, relation: Tree | undefined, isPartition = false): void {
  const name = relationName(relation);
  if (name === undefined) return;
  if (isTemporary(relation)) made.temporary.add(name);
  else made.tables.add(name);
  if (isPartition) made.others.add(name);
}

function noteOther(made: MadeRelations, relation: Tree | undefined): void {
  const name = relationName(relation);
  if (name !== undefined) (isTemporary(relation) ? made.temporary : made.others).add(name);
}

function noteRename(made: MadeRelations, body: Tree): void {
  const relation = nodeAt(body, 'relation');
  const [before, newName] = [relationName(relation), textAt(body, 'newname')];
  if (before === undefined || newName === undefined) return;
  const schema = textAt(relation, 'schemaname');
  const after = schema === undefined ? newName : `${schema}.${newName}`;
  const type = textAt(body, 'renameType') ?? '';
  if (type === 'OBJECT_TABLE') {
    made.tables.delete(before);
    made.tables.add(after);
  } else if (/_(?:INDEX|VIEW|MATVIEW|SEQUENCE)$/.test(type)) made.others.add(after);
}

function noteMove(made: MadeRelations, body: Tree): void {
  const relation = nodeAt(body, 'relation');
  const [before, table, schema] = [relationName(relation), textAt(relation, 'relname'), textAt(body, 'newschema')];
  if (before === undefined || table === undefined || schema === undefined) return;
  if (textAt(body, 'objectType') !== 'OBJECT_TABLE') return;
  made.tables.delete(before);
  made.tables.add(`${schema}.${table}`);
}

function isTemporary(relation: Tree | undefined): boolean {
  return textAt(relation, 'relpersistence') === 't' || textAt(relation, 'schemaname') === 'pg_temp';
}
