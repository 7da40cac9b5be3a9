import type { SqlStatement } from '../../migration-file.js';
import { hasOption, statementAs } from '../nodes.js';
import type { LintRule, Surroundings } from '../rule.js';
import { createdTables, droppedTables, isAmong, tableOf } from '../tables.js';

/** Building, dropping and refreshing what stands beside a table. */
export const INDEX_RULES: readonly LintRule[] = [
  {
    name: 'index-without-concurrently',
    reason: 'every write to the table waits until the index is built, which takes as long as reading the whole table',
    safeWay: '`create index concurrently` in a file of its own with `-- transaction: off`',
    find: (statement, { inUse }) => {
      const index = statementAs(statement, 'IndexStmt');
      if (index === undefined || index.concurrent === true) return false;
      // ON ONLY: of a partitioned table without its partitions, where there is nothing to build.
      return index.relation?.inh === true && tableOf(index.relation).some(inUse);
    },
  },
  {
    name: 'concurrently-on-partitioned',
    reason: 'PostgreSQL refuses to build the index of a partitioned table concurrently, so the migration fails',
    safeWay:
      '`create index … on only` the table, one concurrently on each partition, then `alter index … attach partition`',
    find: (statement, { history }) => {
      const index = statementAs(statement, 'IndexStmt');
      if (index?.concurrent !== true) return false;
      return tableOf(index.relation)
        .flatMap((table) => history.of(table))
        .some((made) => statementAs(made, 'CreateStmt')?.partspec !== undefined);
    },
  },
  {
    name: 'drop-index-without-concurrently',
    reason: 'it waits for every running query of the table, and meanwhile every new one waits behind it',
    safeWay: '`drop index concurrently` in a file of its own with `-- transaction: off`',
    find: (statement, around) => {
      const drop = statementAs(statement, 'DropStmt');
      return drop?.removeType === 'OBJECT_INDEX' && drop.concurrent !== true && !areIndexesOfFile(statement, around);
    },
  },
  {
    name: 'concurrently-in-transaction',
    reason: 'PostgreSQL refuses it inside a transaction block, so the migration fails',
    safeWay: '`-- transaction: off` in the header of a file that does nothing else',
    find: ({ outsideTransaction }, { file }) => outsideTransaction && file.transactional,
  },
  {
    name: 'concurrently-if-not-exists',
    reason: 'a build that broke off leaves an invalid index of that name; this passes it over and reports success',
    safeWay: 'leave `if not exists` out, and drop an invalid index before: `drop index concurrently if exists`',
    find: (statement, { before }) => {
      const index = statementAs(statement, 'IndexStmt');
      if (index?.concurrent !== true || index.if_not_exists !== true || index.idxname === undefined) return false;
      return !isAmong({ name: index.idxname }, before.flatMap(droppedTables));
    },
  },
  {
    name: 'reindex-without-concurrently',
    reason: 'writes to the table, and reads that would use the index, wait until it is rebuilt',
    safeWay: '`reindex … concurrently` in a file with `-- transaction: off`',
    find: (statement, { inUse }) => {
      const reindex = statementAs(statement, 'ReindexStmt');
      if (reindex === undefined || hasOption(reindex.params, 'concurrently')) return false;
      return (
        reindex.kind === 'REINDEX_OBJECT_INDEX' ||
        reindex.relation === undefined ||
        tableOf(reindex.relation).some(inUse)
      );
    },
  },
  {
    name: 'refresh-without-concurrently',
    reason: 'nobody can read the materialised view until its query has been run again',
    safeWay: '`refresh materialized view concurrently`; the view needs a unique index over whole columns for that',
    find: (statement, { inUse }) => {
      const refresh = statementAs(statement, 'RefreshMatViewStmt');
      if (refresh === undefined || refresh.concurrent === true || refresh.skipData === true) return false;
      return tableOf(refresh.relation).some(inUse);
    },
  },
];

/** Whether everything that is dropped was made by this file, on tables that are not in use. */
function areIndexesOfFile(statement: SqlStatement, { before, inUse }: Surroundings): boolean {
  const made = before.flatMap((earlier) => {
    const index = statementAs(earlier, 'IndexStmt');
    return index?.idxname === undefined || tableOf(index.relation).some(inUse) ? [] : [{ name: index.idxname }];
  });
  return droppedTables(statement).every((index) => isAmong(index, [...made, ...before.flatMap(createdTables)]));
}
