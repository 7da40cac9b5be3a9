import type { ColumnDef, TypeName } from 'libpg-query';
import type { SqlStatement } from '../migration-file.js';
import { addedColumns, createdColumns, namesOf, nodeAs, statementAs, tableCommands } from './nodes.js';
import type { TableHistory } from './table-history.js';
import type { TableName } from './tables.js';

/** A type as a script writes it: `varchar`, `[20]`. */
export interface ColumnType {
  /** PostgreSQL's own name: `int4`, `bpchar`, `timestamptz`. */
  readonly name: string;
  /** Length, or precision and scale. */
  readonly limits: readonly number[];
  readonly array: boolean;
}

export function typeOf(type: TypeName | undefined): ColumnType | undefined {
  const name = namesOf(type?.names).at(-1);
  if (type === undefined || name === undefined) return undefined;
  const limits = (type.typmods ?? []).flatMap((limit) => {
    const constant = nodeAs(limit, 'A_Const');
    // The parser leaves out a zero.
    return constant === undefined ? [] : (constant.ival?.ival ?? 0);
  });
  return { name, limits, array: (type.arrayBounds ?? []).length > 0 };
}

/** The last type that scripts gave a column; undefined when none tells. */
export function knownType(history: TableHistory, table: TableName, column: string): ColumnType | undefined {
  let name = column;
  // Backwards, because a rename hides the name under which the column was made.
  for (const statement of [...history.of(table)].reverse()) {
    const rename = statementAs(statement, 'RenameStmt');
    if (rename?.renameType === 'OBJECT_COLUMN' && rename.newname === name) name = rename.subname ?? name;
    const type = typeGivenBy(statement, name);
    if (type !== undefined) return type;
  }
  return undefined;
}

function typeGivenBy(statement: SqlStatement, name: string): ColumnType | undefined {
  const changed: ColumnDef[] = tableCommands(statement)
    .filter(({ subtype, name: of }) => subtype === 'AT_AlterColumnType' && of === name)
    .flatMap(({ def }) => nodeAs(def, 'ColumnDef') ?? []);
  const made = [...createdColumns(statement), ...addedColumns(statement)].filter(({ colname }) => colname === name);
  return typeOf([...changed, ...made].at(-1)?.typeName);
}

/**
 * Whether PostgreSQL changes the type in the catalogue alone, without writing or reading the rows. Run on 13, 15 and 18:
 * `pg_relation_filenode` stays the same for these.
 */
export function isWidening(from: ColumnType, to: ColumnType): boolean {
  if (from.array || to.array) return from.array && to.array && from.name === to.name && sameLimits(from, to);
  switch (to.name) {
    case 'text':
      return from.name === 'text' || from.name === 'varchar';
    case 'varchar':
      return (from.name === 'varchar' || (from.name === 'text' && to.limits.length === 0)) && isLonger(from, to);
    case 'numeric':
      return from.name === 'numeric' && keepsScale(from, to);
    case 'timestamp':
    case 'timestamptz':
    case 'time':
    case 'varbit':
      return from.name === to.name && isLonger(from, to);
    case 'inet':
      return from.name === 'inet' || from.name === 'cidr';
    default:
      return from.name === to.name && sameLimits(from, to);
  }
}

function isLonger(from: ColumnType, to: ColumnType): boolean {
  const [limit] = to.limits;
  return limit === undefined || (from.limits[0] ?? Infinity) <= limit;
}

function keepsScale({ limits: from }: ColumnType, { limits: to }: ColumnType): boolean {
  if (to.length === 0) return true;
  return from.length > 0 && (from[0] ?? 0) <= (to[0] ?? 0) && (from[1] ?? 0) === (to[1] ?? 0);
}

function sameLimits({ limits: from }: ColumnType, { limits: to }: ColumnType): boolean {
  return from.length === to.length && from.every((limit, at) => limit === to[at]);
}
