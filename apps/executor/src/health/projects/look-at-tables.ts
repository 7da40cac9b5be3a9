import type { ProjectDatabase } from '#shared/contracts/projects.js';
import type { Session } from '../../postgres/session.js';
import { NO_TENANTS, patterned, qualified } from '../../validation/check.js';
import { MISSING_SCHEMAS } from '../../validation/checks/schema.js';
import type { DatabaseFindings } from './judge-health.js';

/** Schemas that a project's patterns mean in the session's database; a name without `*` is meant as it is. */
export async function resolveSchemas(session: Session, wanted: readonly string[]): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `
    select distinct coalesce(n.nspname, wanted.name) as name
    from unnest($1::text[], $2::text[]) as wanted (name, pattern)
    left join pg_namespace as n
      on wanted.name like '%*%' and n.nspname like wanted.pattern and n.nspname !~ '${NO_TENANTS}'
    where wanted.name not like '%*%' or n.nspname is not null
    order by name
    `,
    patterned(wanted),
  );
  return rows.map(({ name }) => name);
}

/** Names and patterns that no schema of the session's database answers to. */
export async function missingSchemas(session: Session, wanted: readonly string[]): Promise<string[]> {
  const { rows } = await session.query<{ finding: string }>(MISSING_SCHEMAS, patterned(wanted));
  return rows.map(({ finding }) => finding);
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
