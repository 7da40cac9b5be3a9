import type { Constraint, RangeVar } from 'libpg-query';
import type { SqlStatement } from '../migration-file.js';
import {
  addedColumns,
  addedConstraints,
  constraintsOf,
  createdColumns,
  namesOf,
  nodeAs,
  statementAs,
  tableCommands,
} from './nodes.js';
import { isAmong, tableOf, type TableName } from './tables.js';

/**
 * Whether a check that holds says that the column is never null: PostgreSQL then sets it not null without reading the
 * table (since 12).
 */
export function isProvenNotNull(history: readonly SqlStatement[], table: TableName, column: string): boolean {
  const ofTable = history.filter((statement) => isAmong(table, tableOf(relationOf(statement))));
  const validated = new Set(
    ofTable.flatMap((statement) =>
      tableCommands(statement).flatMap(({ subtype, name }) =>
        subtype === 'AT_ValidateConstraint' && name !== undefined ? [name] : [],
      ),
    ),
  );
  return ofTable
    .flatMap(checksOf)
    .some(
      (check) => saysNotNull(check, column) && (check.skip_validation !== true || validated.has(check.conname ?? '')),
    );
}

function relationOf(statement: SqlStatement): RangeVar | undefined {
  return (statementAs(statement, 'CreateStmt') ?? statementAs(statement, 'AlterTableStmt'))?.relation;
}

function checksOf(statement: SqlStatement): Constraint[] {
  const elements = statementAs(statement, 'CreateStmt')?.tableElts ?? [];
  return [
    ...elements.flatMap((element) => nodeAs(element, 'Constraint') ?? []),
    ...[...createdColumns(statement), ...addedColumns(statement)].flatMap(constraintsOf),
    ...addedConstraints(statement),
  ].filter(({ contype }) => contype === 'CONSTR_CHECK');
}

function saysNotNull({ raw_expr: expression }: Constraint, column: string): boolean {
  const test = nodeAs(expression, 'NullTest');
  if (test !== undefined)
    return test.nulltesttype === 'IS_NOT_NULL' && namesOf(nodeAs(test.arg, 'ColumnRef')?.fields).at(-1) === column;
  const all = nodeAs(expression, 'BoolExpr');
  return all?.boolop === 'AND_EXPR' && (all.args ?? []).some((raw_expr) => saysNotNull({ raw_expr }, column));
}
