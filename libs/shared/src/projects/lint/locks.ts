import type { AlterTableCmd } from 'libpg-query';
import type { SqlStatement } from '../migration-file.js';
import { addedColumns, addedConstraints, constraintsOf, nodeAs, statementAs, tableCommands } from './nodes.js';
import { droppedTables, relationsIn, tableOf, type TableName } from './tables.js';

/** What a statement keeps out until its transaction ends; weaker locks are not told. */
export interface TableLock {
  readonly table: TableName;
  readonly blocks: 'everybody' | 'writers';
}

/** Parts of ALTER TABLE that let reads and writes go on (PostgreSQL manual, ALTER TABLE, notes on lock levels). */
const GENTLE: readonly AlterTableCmd['subtype'][] = [
  'AT_ValidateConstraint',
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_DetachPartitionFinalize',
];

const ONLY_WRITERS: readonly AlterTableCmd['subtype'][] = [
  'AT_EnableTrig',
  'AT_EnableAlwaysTrig',
  'AT_EnableReplicaTrig',
  'AT_EnableTrigAll',
  'AT_EnableTrigUser',
  'AT_DisableTrig',
  'AT_DisableTrigAll',
  'AT_DisableTrigUser',
];

/** Which tables a statement locks until the end of its transaction so that applications wait. */
export function locksOf(statement: SqlStatement): TableLock[] {
  return [
    ...everybody(exclusivelyLocked(statement)),
    ...writers(lockedForWriters(statement)),
    ...alterLocks(statement),
  ];
}

function everybody(tables: readonly TableName[]): TableLock[] {
  return tables.map((table) => ({ table, blocks: 'everybody' }));
}

function writers(tables: readonly TableName[]): TableLock[] {
  return tables.map((table) => ({ table, blocks: 'writers' }));
}

const DROPS_OF_TABLES = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_TRIGGER',
  'OBJECT_POLICY',
  'OBJECT_RULE',
]);

function exclusivelyLocked(statement: SqlStatement): TableName[] {
  switch (statement.node) {
    case 'DropStmt':
      return DROPS_OF_TABLES.has(statementAs(statement, 'DropStmt')?.removeType ?? '') ? droppedTables(statement) : [];
    case 'TruncateStmt':
      return relationsIn(statementAs(statement, 'TruncateStmt')?.relations);
    case 'RenameStmt':
      return renamedTables(statement);
    case 'AlterObjectSchemaStmt':
      return tableOf(statementAs(statement, 'AlterObjectSchemaStmt')?.relation);
    case 'ClusterStmt':
      return tableOf(statementAs(statement, 'ClusterStmt')?.relation);
    case 'RefreshMatViewStmt': {
      const refresh = statementAs(statement, 'RefreshMatViewStmt');
      return refresh?.concurrent === true ? [] : tableOf(refresh?.relation);
    }
    case 'CreatePolicyStmt':
      return tableOf(statementAs(statement, 'CreatePolicyStmt')?.table);
    case 'AlterPolicyStmt':
      return tableOf(statementAs(statement, 'AlterPolicyStmt')?.table);
    case 'RuleStmt':
      return tableOf(statementAs(statement, 'RuleStmt')?.relation);
    case 'CreateStmt': {
      // PARTITION OF and INHERITS: both stand there.
      const create = statementAs(statement, 'CreateStmt');
      return create?.partbound === undefined ? [] : relationsIn(create.inhRelations);
    }
    case 'LockStmt':
      return explicitLock(statement, (mode) => mode === ACCESS_EXCLUSIVE);
    default:
      return [];
  }
}

/** Numbers of src/include/storage/lockdefs.h. */
const [SHARE, ACCESS_EXCLUSIVE] = [5, 8];

function explicitLock(statement: SqlStatement, fits: (mode: number) => boolean): TableName[] {
  const lock = statementAs(statement, 'LockStmt');
  return lock !== undefined && fits(lock.mode ?? ACCESS_EXCLUSIVE) ? relationsIn(lock.relations) : [];
}

function renamedTables(statement: SqlStatement): TableName[] {
  const rename = statementAs(statement, 'RenameStmt');
  return rename?.renameType === 'OBJECT_INDEX' ? [] : tableOf(rename?.relation);
}

function lockedForWriters(statement: SqlStatement): TableName[] {
  switch (statement.node) {
    case 'IndexStmt': {
      const index = statementAs(statement, 'IndexStmt');
      return index?.concurrent === true ? [] : tableOf(index?.relation);
    }
    case 'CreateTrigStmt':
      return tableOf(statementAs(statement, 'CreateTrigStmt')?.relation);
    case 'LockStmt':
      return explicitLock(statement, (mode) => mode >= SHARE && mode < ACCESS_EXCLUSIVE);
    default:
      return [];
  }
}

function alterLocks(statement: SqlStatement): TableLock[] {
  const table = tableOf(statementAs(statement, 'AlterTableStmt')?.relation);
  return [
    ...tableCommands(statement).flatMap((command) => commandLock(command, table)),
    ...writers(referred(statement)),
  ];
}

function commandLock(command: AlterTableCmd, table: readonly TableName[]): TableLock[] {
  const { subtype, def } = command;
  const part = nodeAs(def, 'PartitionCmd');
  if (part?.concurrent === true) return [];
  if (part !== undefined)
    return everybody(subtype === 'AT_AttachPartition' ? tableOf(part.name) : [...table, ...tableOf(part.name)]);
  if (GENTLE.includes(subtype)) return [];
  if (ONLY_WRITERS.includes(subtype) || nodeAs(def, 'Constraint')?.contype === 'CONSTR_FOREIGN') return writers(table);
  return everybody(table);
}

/** Tables that new foreign keys point to. */
function referred(statement: SqlStatement): TableName[] {
  return [...addedConstraints(statement), ...addedColumns(statement).flatMap(constraintsOf)].flatMap(({ pktable }) =>
    tableOf(pktable),
  );
}
