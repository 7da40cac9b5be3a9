import type { ProjectProblem, SqlScript, SqlStatement } from '../migration-file.js';
import { isTree, nodeAt } from './tree.js';

/** A verification proves what stands there; what it writes would be of no version. */
export function writingStatements({ path, statements }: SqlScript): ProjectProblem[] {
  return statements
    .filter((statement) => !isQuery(statement))
    .map(({ line }) => ({
      path,
      line,
      message: 'only queries may stand in a verification, and none that writes; put this statement into the up script',
    }));
}

const WRITING = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'intoClause'];

function isQuery({ node, tree }: SqlStatement): boolean {
  return node === 'SelectStmt' && !writesBelow(nodeAt(tree, node));
}

function writesBelow(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(writesBelow);
  if (!isTree(value)) return false;
  return Object.entries(value).some(([key, below]) => WRITING.includes(key) || writesBelow(below));
}
