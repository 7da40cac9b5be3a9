import type { SqlStatement } from '../../migration-file.js';
import { locksOf } from '../locks.js';
import { nodeAs, statementAs } from '../nodes.js';
import type { LintRule, Surroundings } from '../rule.js';
import { tableOf } from '../tables.js';

/** Rows that a migration changes. */
export const DATA_RULES: readonly LintRule[] = [
  {
    name: 'update-without-where',
    reason:
      'every row is locked and written in one transaction: programs wait, the table doubles, replicas fall behind',
    safeWay: 'fill rows in batches by key, each in a transaction of its own, by a command of the project',
    find: (statement, { inUse }) => {
      const update = statementAs(statement, 'UpdateStmt');
      return update !== undefined && update.whereClause === undefined && tableOf(update.relation).some(inUse);
    },
  },
  {
    name: 'delete-without-where',
    reason: 'every row goes in one long transaction, and no down script brings rows back',
    safeWay: 'delete in batches by key, after a backup; say by `where` what is meant',
    find: (statement, { inUse }) => {
      const remove = statementAs(statement, 'DeleteStmt');
      return remove !== undefined && remove.whereClause === undefined && tableOf(remove.relation).some(inUse);
    },
  },
  {
    name: 'rows-changed-under-lock',
    reason: 'the table stays locked for everybody by the statement before until all these rows are written',
    safeWay: 'change the structure in one migration and the rows in a later one',
    find: (statement, around) =>
      around.file.transactional &&
      changesRows(statement) &&
      around.before.some((earlier) => locksInUse(earlier, around)),
  },
  {
    name: 'structure-after-rows',
    reason:
      'the locks come on top of a long transaction, and with deferred constraints it fails: pending trigger events',
    safeWay: 'change rows in one migration and the structure in a later one',
    find: (statement, around) =>
      around.file.transactional &&
      locksInUse(statement, around) &&
      around.before.some((earlier) => changesRowsInUse(earlier, around)),
  },
];

/** A few rows that are written out, as in a table of kinds, are no data change worth a word. */
function changesRows(statement: SqlStatement): boolean {
  if (['UpdateStmt', 'DeleteStmt', 'MergeStmt'].includes(statement.node)) return true;
  const query = nodeAs(statementAs(statement, 'InsertStmt')?.selectStmt, 'SelectStmt');
  return query !== undefined && query.valuesLists === undefined;
}

function changesRowsInUse(statement: SqlStatement, { inUse }: Surroundings): boolean {
  const change =
    statementAs(statement, 'UpdateStmt') ??
    statementAs(statement, 'DeleteStmt') ??
    statementAs(statement, 'MergeStmt') ??
    statementAs(statement, 'InsertStmt');
  return changesRows(statement) && tableOf(change?.relation).some(inUse);
}

function locksInUse(statement: SqlStatement, { inUse }: Surroundings): boolean {
  return locksOf(statement).some(({ table, blocks }) => blocks === 'everybody' && inUse(table));
}
