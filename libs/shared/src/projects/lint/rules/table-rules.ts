import type { AlterTableCmd } from 'libpg-query';
import type { SqlStatement } from '../../migration-file.js';
import { hasOption, nodeAs, statementAs, tableCommands } from '../nodes.js';
import type { LintRule, Surroundings } from '../rule.js';
import { relationsIn, tableOf } from '../tables.js';

/** What is done to a table, a schema or a database as a whole. */
export const TABLE_RULES: readonly LintRule[] = [
  {
    name: 'rename-table',
    reason: 'programs that run meanwhile still use the old name and fail at once, at every query',
    safeWay: 'rename it and leave a view of the old name in the same transaction; drop the view in a contract phase',
    find: (statement, around) => renamesTable(statement, around) && !leavesView(statement, around),
  },
  {
    name: 'move-to-schema',
    reason: 'programs that run meanwhile look for it where it was and fail at once, at every query',
    safeWay: 'leave a view of the old name in the same transaction, or put both schemas into the search path before',
    find: (statement, { inUse }) => {
      const move = statementAs(statement, 'AlterObjectSchemaStmt');
      return move?.objectType === 'OBJECT_TABLE' && tableOf(move.relation).some(inUse);
    },
  },
  {
    name: 'drop-database',
    reason: 'everything in it goes, and no down script brings rows back',
    safeWay: 'let Rehome retire a database: `rehome submit retire` wants a verified backup first',
    find: ({ node }) => node === 'DropdbStmt',
  },
  {
    name: 'drop-cascade',
    reason: 'whatever depends on it goes as well, and nobody has written down what that is',
    safeWay: 'name each object in a `drop` of its own, without `cascade`',
    find: (statement) => statementAs(statement, 'DropStmt')?.behavior === 'DROP_CASCADE' || cascades(statement),
  },
  {
    name: 'truncate',
    reason: 'all rows go at once, it waits for every running query, and no down script brings rows back',
    safeWay: 'delete in batches outside of the migration, or take a backup and waive this with the reason',
    find: (statement, { inUse }) => relationsIn(statementAs(statement, 'TruncateStmt')?.relations).some(inUse),
  },
  {
    name: 'rewrite-table',
    reason: '`cluster` and `vacuum full` write the table anew while nobody can read it',
    safeWay: 'plain `vacuum`; pg_repack or pg_squeeze where the space must come back',
    find: (statement, { inUse }) => rewritten(statement)?.some(inUse) ?? false,
  },
  {
    name: 'move-storage',
    reason: 'another tablespace, access method or `logged` writes the table anew while nobody can read it',
    safeWay: 'make a second table where it is to live and move the rows there in batches, or use pg_repack',
    find: (statement, around) => changes(statement, around, MOVES_STORAGE),
  },
  {
    name: 'disable-trigger',
    reason: 'constraints and audit that hang on triggers are passed over for every session, not only for this one',
    safeWay: 'let the trigger pass over this change by a setting that it reads, such as `set local app.backfill = on`',
    find: (statement, around) => changes(statement, around, SWITCHES_TRIGGERS_OFF),
  },
  {
    name: 'row-security-off',
    reason: 'from this moment everybody with a grant sees the rows of everybody',
    safeWay: 'change the policy, or give one role `bypassrls`',
    find: (statement, around) => changes(statement, around, SWITCHES_ROW_SECURITY_OFF),
  },
  {
    name: 'detach-partition',
    reason: 'it waits for every running query of the whole partitioned table, and every new one waits behind it',
    safeWay: '`detach partition … concurrently` in a file with `-- transaction: off` (14 and later)',
    find: (statement, { inUse }) =>
      tableCommands(statement).some(isPlainDetach) &&
      tableOf(statementAs(statement, 'AlterTableStmt')?.relation).some(inUse),
  },
  {
    name: 'rename-enum-value',
    reason: 'programs that run meanwhile still write the old value and fail',
    safeWay: 'add the new value, let programs write it, move the rows; the old value may stay',
    find: (statement) => (statementAs(statement, 'AlterEnumStmt')?.oldVal ?? '') !== '',
  },
  {
    name: 'enum-value-used-at-once',
    reason: 'a value that was added in a transaction cannot be used before it ends, so the migration fails',
    safeWay: 'add the value in a migration of its own',
    find: (statement, { file, after }) => {
      const { newVal = '', oldVal } = statementAs(statement, 'AlterEnumStmt') ?? {};
      if (newVal === '' || oldVal !== undefined || !file.transactional) return false;
      return after.some(({ text }) => text.includes(`'${newVal.replaceAll("'", "''")}'`));
    },
  },
];

type Subtype = AlterTableCmd['subtype'];

const MOVES_STORAGE: readonly Subtype[] = ['AT_SetTableSpace', 'AT_SetLogged', 'AT_SetUnLogged', 'AT_SetAccessMethod'];
const SWITCHES_TRIGGERS_OFF: readonly Subtype[] = ['AT_DisableTrig', 'AT_DisableTrigAll', 'AT_DisableTrigUser'];
const SWITCHES_ROW_SECURITY_OFF: readonly Subtype[] = ['AT_DisableRowSecurity', 'AT_NoForceRowSecurity'];

function changes(statement: SqlStatement, { inUse }: Surroundings, subtypes: readonly Subtype[]): boolean {
  if (!tableCommands(statement).some(({ subtype }) => subtypes.includes(subtype))) return false;
  return tableOf(statementAs(statement, 'AlterTableStmt')?.relation).some(inUse);
}

function renamesTable(statement: SqlStatement, { inUse }: Surroundings): boolean {
  const rename = statementAs(statement, 'RenameStmt');
  const kinds = ['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW'];
  return kinds.includes(rename?.renameType ?? '') && tableOf(rename?.relation).some(inUse);
}

function leavesView(statement: SqlStatement, { file, after }: Surroundings): boolean {
  const name = statementAs(statement, 'RenameStmt')?.relation?.relname;
  return file.transactional && after.some((later) => statementAs(later, 'ViewStmt')?.view?.relname === name);
}

function cascades(statement: SqlStatement): boolean {
  return (
    statementAs(statement, 'TruncateStmt')?.behavior === 'DROP_CASCADE' ||
    tableCommands(statement).some(({ behavior }) => behavior === 'DROP_CASCADE')
  );
}

function rewritten(statement: SqlStatement): ReturnType<typeof tableOf> | undefined {
  const cluster = statementAs(statement, 'ClusterStmt');
  if (cluster !== undefined) return cluster.relation === undefined ? WHOLE_DATABASE : tableOf(cluster.relation);
  const vacuum = statementAs(statement, 'VacuumStmt');
  if (vacuum === undefined || !hasOption(vacuum.options, 'full')) return undefined;
  return vacuum.rels === undefined ? WHOLE_DATABASE : relationsIn(vacuum.rels);
}

/** Stands for every table: never made by a migration. */
const WHOLE_DATABASE = [{ name: '*' }];

function isPlainDetach({ subtype, def }: AlterTableCmd): boolean {
  return subtype === 'AT_DetachPartition' && nodeAs(def, 'PartitionCmd')?.concurrent !== true;
}
