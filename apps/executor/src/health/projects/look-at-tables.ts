import type { ProjectDatabase } from '#shared/contracts/projects.js';
import type { Session } from '../../postgres/session.js';
import { qualified } from '../../validation/check.js';
import type { DatabaseFindings } from './judge-health.js';

/** Schemas that a project's patterns mean in the session's database; a name without `*` is meant as it is. */
export async function resolveSchemas(session: Session, patterns: readonly string[]): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `
    select distinct coalesce(n.nspname, wanted.name) as name
    from unnest($1::text[], $2::text[]) as wanted (name, pattern)
    left join pg_namespace as n
      on wanted.pattern <> wanted.name and n.nspname like wanted.pattern and n.nspname !~ '^(pg_|information_schema$|rehome$)'
    where wanted.pattern = wanted.name or n.nspname is not null
    order by name
    `,
    [patterns, patterns.map((pattern) => (pattern.includes('*') ? likePattern(pattern) : pattern))],
  );
  return rows.map(({ name }) => name);
}

/** `tenant_*` as LIKE means it, where `_` would stand for any character. */
function likePattern(pattern: string): string {
  return pattern.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%');
}

/** Which tables there are and which are not. */
export async function lookAtTables(
  session: Session,
  { expectedTables, criticalTables }: Pick<ProjectDatabase, 'expectedTables' | 'criticalTables'>,
  schemas: readonly string[],
): Promise<Pick<DatabaseFindings, 'tables' | 'missingTables' | 'missingCriticalTables'>> {
  const { rows } = await session.query<{ name: string }>(
    `
    select c.oid::regclass::text as name
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = any ($1)
      and c.relkind in ('r', 'p')
      and not c.relispartition
    order by name
    `,
    [schemas],
  );
  return {
    tables: rows.map(({ name }) => name),
    missingTables: await missingOf(session, expectedTables, schemas),
    missingCriticalTables: await missingOf(session, criticalTables, schemas),
  };
}

async function missingOf(session: Session, names: readonly string[], schemas: readonly string[]): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `
    select format('%I.%I', wanted.schema, wanted.name) as name
    from unnest($1::text[], $2::text[]) with ordinality as wanted (schema, name, place)
    where not exists (
      select
      from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = wanted.schema
        and c.relname = wanted.name
        and c.relkind in ('r', 'p', 'v', 'm', 'f')
    )
    order by wanted.place
    `,
    qualified(names, schemas),
  );
  return rows.map(({ name }) => name);
}
