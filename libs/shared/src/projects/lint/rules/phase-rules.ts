import type { SqlStatement } from '../../migration-file.js';
import { addedColumns, statementAs, tableCommands } from '../nodes.js';
import type { LintRule, Surroundings } from '../rule.js';
import { createdTables, droppedTables, isAmong, tableOf } from '../tables.js';

/** First expand: both versions of a program can work; then contract: what only the old one needed goes. */
export const PHASE_RULES: readonly LintRule[] = [
  {
    name: 'drop-column',
    reason: 'programs that run meanwhile still select it and fail; its values are gone for good',
    safeWay: 'stop using it, then drop it in a file of its own with `-- phase: contract`',
    find: (statement, around) => !isContract(around) && dropsColumn(statement, around),
  },
  {
    name: 'drop-table',
    reason: 'programs that run meanwhile still use it and fail; its rows are gone for good',
    safeWay: 'stop using it, then drop it in a file of its own with `-- phase: contract`',
    find: (statement, around) =>
      !isContract(around) && drops(statement, around, ['OBJECT_TABLE', 'OBJECT_FOREIGN_TABLE']),
  },
  {
    name: 'drop-outside-contract',
    reason: 'programs that run meanwhile may still need the view, function, type, sequence or schema and fail',
    safeWay: 'drop it in a file of its own with `-- phase: contract`, after programs stopped using it',
    find: (statement, around) => !isContract(around) && drops(statement, around, USED_BY_PROGRAMS),
  },
  {
    name: 'expand-in-contract',
    reason: 'what programs need before they are switched comes only with what must go after, so neither order works',
    safeWay: 'put what is added into a file of its own with `-- phase: expand`, which this one requires',
    find: (statement, around) => isContract(around) && (createdTables(statement).length > 0 || addsColumn(statement)),
  },
];

const USED_BY_PROGRAMS = [
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FUNCTION',
  'OBJECT_PROCEDURE',
  'OBJECT_ROUTINE',
  'OBJECT_TYPE',
  'OBJECT_DOMAIN',
  'OBJECT_SEQUENCE',
  'OBJECT_SCHEMA',
];

function isContract({ file }: Surroundings): boolean {
  return file.phase === 'contract';
}

function dropsColumn(statement: SqlStatement, { inUse }: Surroundings): boolean {
  if (!tableCommands(statement).some(({ subtype }) => subtype === 'AT_DropColumn')) return false;
  return tableOf(statementAs(statement, 'AlterTableStmt')?.relation).some(inUse);
}

function addsColumn(statement: SqlStatement): boolean {
  return addedColumns(statement).length > 0;
}

function drops(statement: SqlStatement, { before, after, inUse }: Surroundings, kinds: readonly string[]): boolean {
  const kind = statementAs(statement, 'DropStmt')?.removeType ?? '';
  if (!kinds.includes(kind)) return false;
  const dropped = droppedTables(statement);
  // A function has arguments, a type and a schema are named otherwise: they are never known to be new.
  if (dropped.length === 0) return true;
  // A view that is made again at once was only changed.
  const remade = kind === 'OBJECT_VIEW' ? after.flatMap(createdTables) : [];
  return dropped.some((one) => inUse(one) && !isAmong(one, [...before.flatMap(createdTables), ...remade]));
}
