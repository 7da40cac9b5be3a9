import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import type { Session } from '../session.js';

/**
 * What this server's operating system or ICU calls its present rules for sorting by a database's locale; undefined where
 * they have no version (`C`, `POSIX`) or the server has no collation of the name.
 */
export async function collationVersion(
  session: Session,
  { collate, icuLocale, localeProvider }: Pick<DatabaseFacts, 'collate' | 'icuLocale' | 'localeProvider'>,
): Promise<string | undefined> {
  const icu = localeProvider === 'i';
  const { rows } = await session.query<{ version: string | null }>(
    // Version of any one of the name: all are of one library. collcollate was filled for ICU, too, before 15.
    `select pg_collation_actual_version(c.oid) as version
       from pg_collation as c
      where c.collprovider = $1
        and lower(replace($2, '-', '')) in (lower(replace(c.collname, '-', '')),
                                            lower(replace(coalesce(c.collcollate, ''), '-', '')))
      order by c.oid
      limit 1`,
    icu ? ['i', icuLocale ?? collate] : ['c', collate],
  );
  return rows[0]?.version ?? undefined;
}
