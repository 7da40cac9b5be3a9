import { qualified, type ValidationCheck } from '../check.js';

export const SCHEMA_CHECKS: readonly ValidationCheck[] = [
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
        and not exists (
          select
          from pg_index as i
          where i.indrelid = c.oid and i.indisprimary
        )
    `,
    values: ({ schemas }) => [schemas],
  },
];
