import { locksOf } from '../locks.js';
import { nodeAs, statementAs, tableCommands } from '../nodes.js';
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
    name: 'long-lock-timeout',
    reason: 'while it waits for its lock, every query of the table that comes meanwhile waits behind it, for as long',
    safeWay: 'leave the time out: Rehome gives up after 2 s, lets the others pass and tries again',
    find: (statement, around) =>
      lockTimeoutOf(around) > LONG_MS && locksOf(statement).some(({ table }) => around.inUse(table)),
  },
  {
    name: 'if-not-exists',
    reason: 'something else of that name is passed over as if it were this, and nobody learns that they differ',
    safeWay:
      'leave it out: Rehome runs each migration once; `fakeInitial` of an apply takes over what is there already, and proves it',
    advice: true,
    find: (statement) => passesOver(statement),
  },
  {
    name: 'hidden-in-block',
    reason:
      'what is put together when it runs, or stands in another language, is only a text here: it may change, lock and drop what neither linter nor router sees',
    safeWay: 'write the statements themselves, or `execute` a constant; else say in a waiver which tables it works on',
    find: ({ body }) => body?.hidden === true,
  },
];

function lockedForEverybody(statement: SqlStatement, { inUse }: Surroundings): TableName[] {
  return locksOf(statement).flatMap(({ table, blocks }) => (blocks === 'everybody' && inUse(table) ? [table] : []));
}

/** Nobody waits longer in front of a web page. */
const LONG_MS = 10_000;

/** What the file asks for before the statement, by SET or in its header; 0 where it leaves it to Rehome. */
function lockTimeoutOf({ before, file }: Surroundings): number {
  const set = before.flatMap((statement) => {
    const { name, args } = statementAs(statement, 'VariableSetStmt') ?? {};
    const value = nodeAs(args?.[0], 'A_Const');
    return name === 'lock_timeout' ? [value?.sval?.sval ?? String(value?.ival?.ival ?? 0)] : [];
  });
  const last = set.at(-1);
  return last === undefined ? (file.lockTimeoutMs ?? 0) : millisecondsOf(last);
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** 0 means that it waits for ever. */
function millisecondsOf(text: string): number {
  const [, amount = '0', unit = 'ms'] = /^\s*([\d.]+)\s*([a-z]*)\s*$/.exec(text) ?? [];
  const ms = Number(amount) * (UNITS[unit === '' ? 'ms' : unit] ?? 1);
  return ms === 0 ? Infinity : ms;
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
