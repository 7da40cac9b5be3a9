import { qualified, type ValidationCheck, type ValidationSubject } from '../check.js';

/**
 * Tables are known by their names: of those that the project expects or makes. Where there is none a check is not
 * applicable. A project that calls them otherwise brings a check of its own under the same name.
 */
const NAMED = (pattern: string): string => `
  named as (
    select expected.schema, expected.name, c.oid
    from unnest($1::text[], $2::text[]) as expected (schema, name)
    left join pg_namespace as n on n.nspname = expected.schema
    left join pg_class as c
      on c.relnamespace = n.oid and c.relname = expected.name and c.relkind in ('r', 'p') and not c.relispartition
    where expected.schema || '.' || expected.name ~* '${pattern}'
  )`;

/** Those of them that hold rules rather than what came of them; all where none is called so. */
const RULES = `
  rule as (
    select oid
    from named
    where oid is not null
      and (name ~* '(rule|polic|config|setting|quota)' or not exists (
        select
        from named as other
        where other.oid is not null and other.name ~* '(rule|polic|config|setting|quota)'
      ))
  )`;

/** `active`, or whatever a table calls it: a rule that is switched off does not count. */
const SWITCHED_ON = `
  (
    select format(' where %I', a.attname)
    from pg_attribute as a
    where a.attrelid = rule.oid
      and a.atttypid = 'bool'::regtype
      and a.attname in ('active', 'is_active', 'enabled', 'is_enabled')
      and not a.attisdropped
    order by a.attname
    limit 1
  )`;

/** A missing table is a finding; else one rule in any of them is enough. */
const NO_RULE = (pattern: string): string => `
  with ${NAMED(pattern)}, ${RULES}
  select format('select %L as finding', format('%I.%I is missing', schema, name)) as query
  from named
  where oid is null
  union all
  select format('select %L as finding where %s',
    'no rule in ' || string_agg(rule.oid::regclass::text, ', ' order by rule.oid::regclass::text),
    string_agg(format('not exists (select from %s%s)', rule.oid::regclass, ${SWITCHED_ON}), ' and '))
  from rule
  having count(*) > 0
`;

const values = ({ expectedTables, madeTables, schemas }: ValidationSubject): string[][] =>
  qualified([...new Set([...expectedTables, ...madeTables])], schemas);

export const RULE_CHECKS: readonly ValidationCheck[] = [
  {
    name: 'audit-table',
    category: 'security',
    message: 'what is audited has a table, and every entry a time',
    remedy: 'apply the migration that makes the table; give it a column with the time of the entry',
    finds: 'queries',
    sql: `
      with ${NAMED('(^audit\\.|audit)')}
      select format('select %L as finding%s',
        format(case when oid is null then '%I.%I is missing' else '%I.%I has no column with a time' end, schema, name),
        case when oid is null or not exists (
          select
          from pg_attribute as a
          where a.attrelid = named.oid and a.attnum > 0 and not a.attisdropped
            and a.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype)
        ) then '' else ' where false' end
      ) as query
      from named
    `,
    values,
  },
  {
    name: 'rate-limit-rules',
    category: 'security',
    message: 'there is at least one rate limit rule',
    remedy: 'insert the rules, in a migration or by the application',
    finds: 'queries',
    sql: NO_RULE('rate_?limit'),
    values,
  },
  {
    name: 'retention-rules',
    category: 'security',
    message: 'there is at least one retention rule that is switched on',
    remedy: 'insert the rules, in a migration or by the application, and switch them on',
    finds: 'queries',
    // A table of customer_retention is about customers who stay.
    sql: NO_RULE('(\\.(data_)?retention|retention_?(rule|polic|config|setting))'),
    values,
  },
];
