import { locksOf } from '../locks.js';
import { statementAs, tableCommands } from '../nodes.js';
import type { LintRule, Surroundings } from '../rule.js';
import { relationsIn, sameTable, type TableName } from '../tables.js';
import type { SqlStatement } from '../../migration-file.js';

/** How long applications wait, and whether what was meant is what is done. */
export const LOCK_RULES: readonly LintRule[] = [
  {
    name: 'lock-table',
    reason: 'it waits for everybody, everybody waits behind it, and it is held until the whole migration ends',
    safeWay: 'leave it out: each statement takes the lock that it needs',
    find: (statement, { inUse }) => relationsIn(statementAs(statement, 'LockStmt')?.relations).some(inUse),
  },
  {
    name: 'two-tables-locked',
    reason:
      'two tables are locked for everybody in one transaction: who uses them the other way round deadlocks with it',
    safeWay: 'one table a migration, so that each lock is given back before the next is taken',
    find: (statement, around) => {
      if (!around.file.transactional) return false;
      const held = around.before.flatMap((earlier) => lockedForEverybody(earlier, around));
      const taken = lockedForEverybody(statement, around);
      const [first] = [...held, ...taken];
      if (first === undefined || held.some((table) => !sameTable(table, first))) return false;
      return taken.some((table) => !sameTable(table, first));
    },
  },
  {
    name: 'no-lock-timeout',
    reason: 'it may wait long for its lock, and every query that comes meanwhile waits behind it',
    safeWay: '`-- lock-timeout: 2s` in the header: it gives up, lets the others pass and tries again',
    advice: true,
    find: (statement, around) =>
      !around.lockTimeoutSet && !setsLockTimeout(around.before) && lockedForEverybody(statement, around).length > 0,
  },
  {
    name: 'if-not-exists',
    reason: 'something else of that name is passed over as if it were this, and nobody learns that they differ',
    safeWay:
      'leave it out: Rehome runs each migration once; `--fake-initial` is for what is there already, and proves it',
    advice: true,
    find: (statement) => passesOver(statement),
  },
];

function lockedForEverybody(statement: SqlStatement, { inUse }: Surroundings): TableName[] {
  return locksOf(statement).flatMap(({ table, blocks }) => (blocks === 'everybody' && inUse(table) ? [table] : []));
}

function setsLockTimeout(before: readonly SqlStatement[]): boolean {
  return before.some((statement) => statementAs(statement, 'VariableSetStmt')?.name === 'lock_timeout');
}

function passesOver(statement: SqlStatement): boolean {
  const made =
    statementAs(statement, 'CreateStmt') ??
    statementAs(statement, 'CreateTableAsStmt') ??
    statementAs(statement, 'CreateSeqStmt') ??
    statementAs(statement, 'IndexStmt');
  if (made?.if_not_exists === true) return statementAs(statement, 'IndexStmt')?.concurrent !== true;
  return tableCommands(statement).some(({ subtype, missing_ok: skip }) => subtype === 'AT_AddColumn' && skip === true);
}
