import type { CreateDatabaseParams } from '#shared/contracts/steps/database-steps.js';
import type { ExtensionFact } from '#shared/contracts/steps/database-facts.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { databaseState, markDatabase } from '../../postgres/database-lifecycle.js';
import type { Session } from '../../postgres/session.js';

/** What a restore left in the comment of the working database, behind the mark of the migration. */
export interface RestoreMark {
  readonly backupId: string;
  readonly items: number;
}

const RESTORED = /^restored ([0-9a-f-]{36}) (\d+)(?:\n|$)/;

/** The mark of a restore that ran to its end, and the database's own comment behind it. */
export function readRestoreMark(comment: string | undefined): { mark?: RestoreMark; comment: string } {
  const match = RESTORED.exec(comment ?? '');
  if (!match?.[1]) return { comment: comment ?? '' };
  const mark = { backupId: match[1], items: Number(match[2]) };
  return { mark, comment: (comment ?? '').slice(match[0].length) };
}

export async function markRestored(
  session: Session,
  name: string,
  { migrationId, mark }: { readonly migrationId: string; readonly mark: RestoreMark },
): Promise<void> {
  const { comment } = readRestoreMark((await databaseState(session, name)).comment);
  await markDatabase(session, name, migrationId, `restored ${mark.backupId} ${String(mark.items)}\n${comment}`);
}

/** Sets the database's own comment and keeps every mark before it. */
export async function setComment(
  session: Session,
  name: string,
  { migrationId, comment }: { readonly migrationId: string; readonly comment: string },
): Promise<void> {
  const { mark } = readRestoreMark((await databaseState(session, name)).comment);
  const restored = mark === undefined ? '' : `restored ${mark.backupId} ${String(mark.items)}\n`;
  await markDatabase(session, name, migrationId, `${restored}${comment}`);
}

/** The working database must be there and be ours. @throws RehomeError TARGET_NOT_OURS */
export async function requireOurs(session: Session, name: string, migrationId: string): Promise<string | undefined> {
  const state = await databaseState(session, name);
  if (state.exists && state.migrationId === migrationId) return state.comment;
  const what = state.exists ? 'is not of this migration' : 'does not exist any more';
  throw new RehomeError('TARGET_NOT_OURS', `the working database ${name} ${what}; was it dropped or renamed by hand?`);
}

type Attributes = Pick<
  CreateDatabaseParams,
  'role' | 'encoding' | 'collate' | 'ctype' | 'localeProvider' | 'icuLocale'
>;

interface AttributesRow {
  role: string;
  encoding: string;
  collate: string;
  ctype: string;
  provider: string | null;
  locale: string | null;
}

/** What a database was created with, so that the same can be created again. */
export async function readAttributes(session: Session, name: string): Promise<Attributes> {
  const { rows } = await session.query<AttributesRow>(
    `select pg_get_userbyid(datdba) as role, pg_encoding_to_char(encoding) as encoding, datcollate as collate,
            datctype as ctype, to_jsonb(d) ->> 'datlocprovider' as provider,
            -- Named daticulocale in 15 and 16, datlocale since 17, absent before.
            coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') as locale
       from pg_database as d
      where datname = $1`,
    [name],
  );
  const row = rows[0];
  if (row === undefined) throw new RehomeError('TARGET_NOT_OURS', `the working database ${name} is gone`);
  const { role, encoding, collate, ctype, provider, locale } = row;
  return {
    role,
    encoding,
    collate,
    ctype,
    localeProvider: provider ?? 'c',
    ...(locale === null ? {} : { icuLocale: locale }),
  };
}

export async function readExtensions(session: Session): Promise<ExtensionFact[]> {
  const { rows } = await session.query<ExtensionFact>(
    `select extname as name, extversion as version, nspname as schema
       from pg_extension as e
       join pg_namespace as n on n.oid = e.extnamespace
      order by e.oid`,
  );
  return rows;
}

export async function readSchemas(session: Session): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select nspname as name
       from pg_namespace
      where nspname not like 'pg\\_%' and nspname not in ('information_schema', 'public')`,
  );
  return rows.map(({ name }) => name);
}
