import type { ColumnDef } from 'libpg-query';
import type { SqlStatement } from '../../migration-file.js';
import { typeOf } from '../column-types.js';
import {
  addedColumns,
  addedConstraints,
  createdColumns,
  hasConstraint,
  namesOf,
  nodeAs,
  statementAs,
} from '../nodes.js';
import type { LintRule } from '../rule.js';
import { isAmong, tableOf, type TableName } from '../tables.js';

/** Choices that are cheap now and dear later. */
export const ADVICE_RULES: readonly LintRule[] = [
  {
    name: 'json-column',
    reason: '`json` keeps text: it has no equality, so `select distinct` and `union` over it fail, and no index fits',
    safeWay: '`jsonb`',
    advice: true,
    find: (statement) => columnsOf(statement).some((column) => isOfType(column, 'json')),
  },
  {
    name: 'char-column',
    reason: '`char(n)` is filled up with blanks and compares without them, which surprises everybody once',
    safeWay: '`text`, with a check of its length where that matters',
    advice: true,
    find: (statement) => columnsOf(statement).some((column) => isOfType(column, 'bpchar')),
  },
  {
    name: 'timestamp-without-time-zone',
    reason: 'it is no moment: what it means depends on the settings of who reads it',
    safeWay: '`timestamptz`',
    advice: true,
    find: (statement) => columnsOf(statement).some((column) => isOfType(column, 'timestamp')),
  },
  {
    name: 'int-primary-key',
    reason: 'it ends at 2,147,483,647, and by then the change to `bigint` writes the table anew',
    safeWay: '`bigint generated always as identity`',
    advice: true,
    find: (statement) =>
      keyColumns(statement).some((column) => isOfType(column, 'int4', 'int2', 'serial', 'smallserial')),
  },
  {
    name: 'serial-column',
    reason: 'its sequence is a thing of its own: it needs grants of its own, and any insert may pass it by',
    safeWay: '`bigint generated always as identity`',
    advice: true,
    find: (statement) => columnsOf(statement).some((column) => isOfType(column, 'serial', 'bigserial', 'smallserial')),
  },
  {
    name: 'table-without-primary-key',
    reason: 'rows cannot be told apart: logical replication refuses their update, a repair cannot name them',
    safeWay: 'give it a primary key',
    advice: true,
    find: (statement, { after }) => {
      const create = statementAs(statement, 'CreateStmt');
      if (create === undefined || create.partbound !== undefined || create.inhRelations !== undefined) return false;
      if (create.relation?.relpersistence === 't' || createdLike(statement)) return false;
      if (keysOfTable(statement).length > 0 || keyColumns(statement).length > 0) return false;
      return !after.some((later) => addsPrimaryKey(later, tableOf(create.relation)));
    },
  },
];

function columnsOf(statement: SqlStatement): ColumnDef[] {
  return [...createdColumns(statement), ...addedColumns(statement)];
}

function isOfType({ typeName }: ColumnDef, ...names: readonly string[]): boolean {
  return names.includes(typeOf(typeName)?.name ?? '');
}

/** Columns of `CREATE TABLE` that are its primary key alone. */
function keyColumns(statement: SqlStatement): ColumnDef[] {
  const [only, ...others] = keysOfTable(statement);
  return createdColumns(statement).filter(
    (column) => hasConstraint(column, 'CONSTR_PRIMARY') || (others.length === 0 && column.colname === only),
  );
}

/** Names in `primary key (a, b)`. */
function keysOfTable(statement: SqlStatement): string[] {
  const elements = statementAs(statement, 'CreateStmt')?.tableElts ?? [];
  return elements.flatMap((element) => {
    const constraint = nodeAs(element, 'Constraint');
    return constraint?.contype === 'CONSTR_PRIMARY' ? namesOf(constraint.keys) : [];
  });
}

function addsPrimaryKey(statement: SqlStatement, tables: readonly TableName[]): boolean {
  if (!tableOf(statementAs(statement, 'AlterTableStmt')?.relation).some((table) => isAmong(table, tables)))
    return false;
  return addedConstraints(statement).some(({ contype }) => contype === 'CONSTR_PRIMARY');
}

function createdLike(statement: SqlStatement): boolean {
  const elements = statementAs(statement, 'CreateStmt')?.tableElts ?? [];
  return elements.some((element) => nodeAs(element, 'TableLikeClause') !== undefined);
}
