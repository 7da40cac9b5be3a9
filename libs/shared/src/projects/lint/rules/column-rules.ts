import type { AlterTableCmd, ColumnDef } from 'libpg-query';
import type { SqlStatement } from '../../migration-file.js';
import { isWidening, knownType, typeOf } from '../column-types.js';
import {
  addedColumns,
  addedConstraints,
  constraintsOf,
  hasConstraint,
  nodeAs,
  statementAs,
  tableCommands,
} from '../nodes.js';
import { isProvenNotNull } from '../proven-not-null.js';
import type { LintRule, Surroundings } from '../rule.js';
import { tableOf, type TableName } from '../tables.js';
import { isVolatile } from '../volatility.js';

/** Adding and changing columns of a table that has rows. */
export const COLUMN_RULES: readonly LintRule[] = [
  {
    name: 'column-with-volatile-default',
    reason: 'every row gets a value of its own, so the table is written anew while nobody can read it',
    safeWay: 'add the column without a default, set the default by a second ALTER, fill old rows in batches',
    find: (statement, around) =>
      altersTableInUse(statement, around) && addedColumns(statement).some((column) => isVolatile(defaultOf(column))),
  },
  {
    name: 'required-column-without-default',
    reason: 'it fails as soon as the table has a row, and programs that do not know the column cannot insert any more',
    safeWay: 'add it with a constant default, or nullable: fill it, prove it by a check, then set it not null',
    find: (statement, around) =>
      altersTableInUse(statement, around) && addedColumns(statement).some(isRequiredAndEmpty),
  },
  {
    name: 'column-that-rewrites-table',
    reason: 'a serial, identity or stored generated column writes the whole table anew while nobody can read it',
    safeWay: 'add a plain column, fill it in batches, then attach the sequence; compute in a trigger or a view instead',
    find: (statement, around) => altersTableInUse(statement, around) && addedColumns(statement).some(isComputedForRows),
  },
  {
    name: 'column-type-change',
    reason: 'the table and its indexes are written anew while nobody can read it, unless the type only becomes wider',
    safeWay: 'add a second column, write both, copy in batches, switch, and drop the first in a contract phase',
    find: (statement, around) => changesOfType(statement).some((change) => !isHarmless(change, statement, around)),
  },
  {
    name: 'set-not-null-without-check',
    reason: 'the whole table is read while nobody can use it',
    safeWay: 'add `check (c is not null) not valid`, validate it in a later migration, then set not null reads nothing',
    find: (statement, around) => {
      const columns = [...columnsSetNotNull(statement), ...columnsOfNotNullConstraints(statement)];
      return tableInUse(statement, around).some((table) =>
        columns.some((column) => !isProvenNotNull(around.history, table, column)),
      );
    },
  },
  {
    name: 'rename-column',
    reason: 'programs that run meanwhile still use the old name and fail at once, at every query',
    safeWay: 'add a second column and write both; drop the first in a contract phase when nobody uses it any more',
    find: (statement, { inUse }) => {
      const rename = statementAs(statement, 'RenameStmt');
      return rename?.renameType === 'OBJECT_COLUMN' && tableOf(rename.relation).some(inUse);
    },
  },
  {
    name: 'change-of-default',
    reason:
      'programs that run meanwhile rely on the old default, and rows that are there keep it: both now stand mixed',
    safeWay: 'let programs write the value themselves first, then change the default',
    advice: true,
    find: (statement, around) =>
      altersTableInUse(statement, around) &&
      tableCommands(statement).some(({ subtype, def }) => subtype === 'AT_ColumnDefault' && def !== undefined),
  },
];

function tableInUse(statement: SqlStatement, { inUse }: Surroundings): TableName[] {
  return tableOf(statementAs(statement, 'AlterTableStmt')?.relation).filter(inUse);
}

function altersTableInUse(statement: SqlStatement, around: Surroundings): boolean {
  return tableInUse(statement, around).length > 0;
}

function defaultOf(column: ColumnDef): ReturnType<typeof constraintsOf>[number]['raw_expr'] {
  return constraintsOf(column).find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr;
}

function isRequiredAndEmpty(column: ColumnDef): boolean {
  if (!hasConstraint(column, 'CONSTR_NOTNULL', 'CONSTR_PRIMARY') || isComputedForRows(column)) return false;
  const value = defaultOf(column);
  return value === undefined || nodeAs(value, 'A_Const')?.isnull === true;
}

const SERIAL = new Set(['serial', 'bigserial', 'smallserial', 'serial2', 'serial4', 'serial8']);

function isComputedForRows(column: ColumnDef): boolean {
  const stored = constraintsOf(column).some(
    // 18 has virtual ones, which are computed when they are read.
    ({ contype, generated_kind: kind }) => contype === 'CONSTR_GENERATED' && kind !== 'v',
  );
  return stored || hasConstraint(column, 'CONSTR_IDENTITY') || SERIAL.has(typeOf(column.typeName)?.name ?? '');
}

function changesOfType(statement: SqlStatement): AlterTableCmd[] {
  return tableCommands(statement).filter(({ subtype }) => subtype === 'AT_AlterColumnType');
}

function isHarmless({ name = '', def }: AlterTableCmd, statement: SqlStatement, around: Surroundings): boolean {
  const column = nodeAs(def, 'ColumnDef');
  const to = typeOf(column?.typeName);
  if (to === undefined || column?.raw_default !== undefined || column?.collClause !== undefined) return false;
  return tableInUse(statement, around).every((table) => {
    const from = knownType(around.history, table, name);
    return from !== undefined && isWidening(from, to);
  });
}

function columnsSetNotNull(statement: SqlStatement): string[] {
  return tableCommands(statement).flatMap(({ subtype, name }) =>
    subtype === 'AT_SetNotNull' && name !== undefined ? [name] : [],
  );
}

/** 18 takes `add constraint … not null c`, and `not valid` with it. */
function columnsOfNotNullConstraints(statement: SqlStatement): string[] {
  return addedConstraints(statement)
    .filter(({ contype, skip_validation: later }) => contype === 'CONSTR_NOTNULL' && later !== true)
    .flatMap(({ keys }) => (keys ?? []).flatMap((key) => nodeAs(key, 'String')?.sval ?? []));
}
