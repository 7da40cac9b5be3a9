export interface NewMigration {
  /** `simulation/0006`. */
  readonly id: string;
  readonly name: string;
  /** Version of the same app that stands before it. */
  readonly requires?: string;
  /** The table that it will make. */
  readonly table?: string;
  /** Alias of the database that it will belong to. */
  readonly database: string;
}

/** Text by role of the script. */
export type Skeleton = Readonly<Record<'up' | 'down' | 'verify', string>>;

/**
 * What a new migration begins with. What is not written yet fails when it is run: an empty script would be recorded as
 * applied, or as taken back.
 */
export function skeletonOf(migration: NewMigration): Skeleton {
  const { id, name, requires, table, database } = migration;
  const header = [
    ...(requires === undefined ? [] : [`-- requires: ${requires}`]),
    '',
    `-- ${name.replaceAll('_', ' ')}: on ${database}, tables of other databases are refused.`,
    '',
  ].join('\n');
  if (table === undefined) return { up: header + unwritten(id, 'up'), down: unwritten(id, 'down'), verify: UNPROVED };
  return {
    up: `${header}create table ${table} (\n  id bigint generated always as identity primary key\n);\n`,
    down: `drop table ${table};\n`,
    verify: `select to_regclass('${table}') is not null;\n`,
  };
}

/** Only queries may stand in a verification. */
const UNPROVED = '-- is not written yet: what makes this true proves the migration\nselect false;\n';

function unwritten(id: string, script: 'up' | 'down'): string {
  return `do $$ begin raise exception 'the ${script} script of ${id} is not written yet'; end $$;\n`;
}
