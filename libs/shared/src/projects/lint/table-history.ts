import type { RangeVar } from 'libpg-query';
import type { SqlStatement } from '../migration-file.js';
import { statementAs } from './nodes.js';
import { createdTables, isAmong, tableOf, type TableName } from './tables.js';

/** What was done to each table so far. Found by name, because projects grow to thousands of files. */
export class TableHistory {
  readonly #byName = new Map<string, SqlStatement[]>();

  add(statement: SqlStatement): void {
    for (const { name } of targetsOf(statement)) {
      const known = this.#byName.get(name);
      if (known === undefined) this.#byName.set(name, [statement]);
      else known.push(statement);
    }
  }

  /** Statements that made or changed the table, in order. */
  of(table: TableName): readonly SqlStatement[] {
    return (this.#byName.get(table.name) ?? []).filter((statement) => isAmong(table, targetsOf(statement)));
  }
}

function targetsOf(statement: SqlStatement): TableName[] {
  return [...tableOf(changedBy(statement)), ...createdTables(statement)];
}

function changedBy(statement: SqlStatement): RangeVar | undefined {
  return (statementAs(statement, 'AlterTableStmt') ?? statementAs(statement, 'RenameStmt'))?.relation;
}
