import { createHash } from 'node:crypto';
import type { SqlStatement } from '#shared/projects/migration-file.js';
import type { JsonValue } from '#shared/contracts/json.js';
import type { Session } from '../../postgres/session.js';
import type { TrackedMigration } from './tracking-rows.js';

export type ScriptDirection = 'up' | 'down';

/** A script of which each statement stands for itself. */
export interface JournaledScript {
  readonly migration: TrackedMigration;
  readonly direction: ScriptDirection;
}

/** A statement that was begun before. */
export interface JournalEntry {
  readonly ordinal: number;
  readonly digest: string;
  readonly finished: boolean;
  /** What `begin` was given. */
  readonly before: JsonValue;
}

/** Whether no script stands in its middle, of any project. */
export async function isJournalEmpty(session: Session): Promise<boolean> {
  const { rowCount } = await session.query(`select from rehome.statement_journal limit 1`);
  return rowCount === 0;
}

export async function readJournal(
  session: Session,
  { migration, direction }: JournaledScript,
): Promise<JournalEntry[]> {
  const { rows } = await session.query<JournalEntry>(
    `select ordinal, statement_digest as digest, finished_at is not null as finished, before
       from rehome.statement_journal
      where project = $1 and schema = $2 and app = $3 and version = $4 and direction = $5
      order by ordinal`,
    [...keyOf(migration), direction],
  );
  return rows;
}

/** Written before the statement is sent. The first record of what stood there before it is kept. */
export async function beginStatement(
  session: Session,
  { migration, direction }: JournaledScript,
  {
    ordinal,
    statement,
    before,
  }: { readonly ordinal: number; readonly statement: SqlStatement; readonly before: JsonValue },
): Promise<void> {
  await session.query(
    `insert into rehome.statement_journal
       (project, schema, app, version, direction, ordinal, statement_digest, before)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (project, schema, app, version, direction, ordinal) do nothing`,
    [...keyOf(migration), direction, ordinal, digestOf(statement), JSON.stringify(before)],
  );
}

export async function finishStatement(
  session: Session,
  { migration, direction }: JournaledScript,
  ordinal: number,
): Promise<void> {
  await session.query(
    `update rehome.statement_journal
        set finished_at = clock_timestamp()
      where project = $1 and schema = $2 and app = $3 and version = $4 and direction = $5 and ordinal = $6`,
    [...keyOf(migration), direction, ordinal],
  );
}

/** From a statement on that is not the one that was begun. What has ended is forgotten with the row that says so. */
export async function forgetJournal(
  session: Session,
  { migration, direction }: JournaledScript,
  from: number,
): Promise<void> {
  await session.query(
    `delete from rehome.statement_journal
      where project = $1 and schema = $2 and app = $3 and version = $4 and direction = $5 and ordinal >= $6`,
    [...keyOf(migration), direction, from],
  );
}

export function digestOf({ text }: SqlStatement): string {
  return createHash('sha256').update(text).digest('hex');
}

function keyOf({ project, schema, app, version }: TrackedMigration): string[] {
  return [project, schema, app, version];
}
