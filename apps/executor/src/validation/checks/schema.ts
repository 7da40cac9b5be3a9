import { NO_TENANTS, OF_EXTENSION, patterned, qualified, type ValidationCheck } from '../check.js';

/** Each name or pattern of a project that no schema answers to. */
export const MISSING_SCHEMAS = `
  select wanted.name as finding
  from unnest($1::text[], $2::text[]) as wanted (name, pattern)
  where not exists (
    select
    from pg_namespace as n
    where n.nspname = wanted.name
      or (wanted.name like '%*%' and n.nspname like wanted.pattern and n.nspname !~ '${NO_TENANTS}')
  )
`;

export const SCHEMA_CHECKS: readonly ValidationCheck[] = [
  {
    name: 'schemas',
    category: 'schema',
    message: 'every schema of the project is there, and every pattern means one',
    remedy:
      'create one, or correct schemas in project.yaml; without it nothing is migrated and nothing else is checked',
    finds: 'findings',
    sql: MISSING_SCHEMAS,
    values: ({ wantedSchemas }) => patterned(wantedSchemas),
  },
  {
    name: 'expected-tables',
    category: 'schema',
    message: 'every table that the project expects is there',
    remedy: 'rehome status names what is pending; if nothing is, find out who dropped it and restore it from a backup',
    finds: 'findings',
    applicable: `
      select
      where cardinality($1::text[]) > 0 and $2::text[] is not null
    `,
    sql: `
      select format('%I.%I', expected.schema, expected.name) as finding
      from unnest($1::text[], $2::text[]) as expected (schema, name)
      where not exists (
        select
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = expected.schema
          and c.relname = expected.name
          and c.relkind in ('r', 'p', 'v', 'm', 'f')
      )
    `,
    values: ({ expectedTables, schemas }) => qualified(expectedTables, schemas),
  },
  {
    name: 'primary-keys',
    category: 'schema',
    message: 'every table has a primary key',
    remedy: 'add one: without it rows cannot be told apart, and logical replication refuses updates and deletes',
    finds: 'findings',
    applicable: `
      select
      from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = any ($1) and c.relkind in ('r', 'p')
    `,
    // A partition has the key of what it is a part of.
    sql: `
      select c.oid::regclass::text as finding
      from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = any ($1)
        and c.relkind in ('r', 'p')
        and not c.relispartition
        and not ${OF_EXTENSION}
        and not exists (
          select
          from pg_index as i
          where i.indrelid = c.oid and i.indisprimary
        )
    `,
    values: ({ schemas }) => [schemas],
  },
];
