import type { MigrationFile, SqlStatement } from '../migration-file.js';
import type { TableHistory } from './table-history.js';
import type { TableName } from './tables.js';

/** Something that a migration had better not do to a table in use. */
export interface LintRule {
  /** What people write behind `rehome:allow`. */
  readonly name: string;
  /** What happens when it is run on a table in use. */
  readonly reason: string;
  /** How to do it instead. */
  readonly safeWay: string;
  /** About what becomes a burden later; never refuses a push. */
  readonly advice?: true;
  /** Whether the statement does it. */
  readonly find: (statement: SqlStatement, around: Surroundings) => boolean;
}

/** What a rule may know beside the statement itself. */
export interface Surroundings {
  readonly file: MigrationFile;
  /** Statements of the same file before this one. */
  readonly before: readonly SqlStatement[];
  /** Those after it. */
  readonly after: readonly SqlStatement[];
  /** What was done before this statement, also by earlier migrations. */
  readonly history: TableHistory;
  /** False for tables that the same file made before, and for those that no application uses yet. */
  readonly inUse: (table: TableName) => boolean;
}
