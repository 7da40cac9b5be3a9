import { listAt, nodeAt, textAt, namesIn, type Tree } from './tree.js';

interface NamedObject {
  readonly name: string;
  readonly kind: 'table' | 'other';
}

/** Objects that have their table's name before their own. */
const ON_TABLE = ['OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE', 'OBJECT_TABCONSTRAINT', 'OBJECT_COLUMN'];
const TABLES = ['OBJECT_TABLE', 'OBJECT_FOREIGN_TABLE'];
const OTHERS = ['OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_INDEX', 'OBJECT_SEQUENCE'];

/** Relations that a statement names by a list of words and not by a range variable. */
export function namesOfObject(node: string, body: Tree): NamedObject[] {
  switch (node) {
    case 'DropStmt':
      return listAt(body, 'objects').flatMap((object) => named(textAt(body, 'removeType'), namesIn(object)));
    case 'CommentStmt':
    case 'SecLabelStmt':
    case 'AlterExtensionContentsStmt':
      return named(textAt(body, 'objtype'), namesIn(body['object']));
    case 'CreateSeqStmt':
    case 'AlterSeqStmt':
      return listAt(body, 'options').flatMap((option) => ownedBy(nodeAt(option, 'DefElem')));
    default:
      return [];
  }
}

function named(type: string | undefined, words: readonly string[]): NamedObject[] {
  if (type === undefined) return [];
  if (TABLES.includes(type)) return one(words, 'table');
  if (OTHERS.includes(type)) return one(words, 'other');
  return ON_TABLE.includes(type) ? one(words.slice(0, -1), 'table') : [];
}

function ownedBy(option: Tree | undefined): NamedObject[] {
  if (textAt(option, 'defname') !== 'owned_by') return [];
  // `owned by none` is one word.
  return one(namesIn(option?.['arg']).slice(0, -1), 'table');
}

function one(words: readonly string[], kind: NamedObject['kind']): NamedObject[] {
  return words.length === 0 ? [] : [{ name: words.slice(-2).join('.'), kind }];
}

/** Name of a range variable as it is written; undefined for what is none. */
export function relationName(value: Tree | undefined): string | undefined {
  const name = textAt(value, 'relname');
  if (name === undefined || name === '') return undefined;
  const schema = textAt(value, 'schemaname');
  return schema === undefined ? name : `${schema}.${name}`;
}
