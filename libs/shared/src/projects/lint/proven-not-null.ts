import type { Constraint } from 'libpg-query';
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
import type { TableHistory } from './table-history.js';
import type { TableName } from './tables.js';

/**
 * Whether a check that holds says that the column is never null: PostgreSQL then sets it not null without reading the
 * table (since 12).
 */
export function isProvenNotNull(history: TableHistory, table: TableName, column: string): boolean {
  const ofTable = history.of(table);
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
