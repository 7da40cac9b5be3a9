import type { ValidationCheck } from '../check.js';
import { DECLARED_ORPHANS } from './orphans.js';

export const CONSTRAINT_CHECKS: readonly ValidationCheck[] = [
  {
    name: 'constraints-validated',
    category: 'constraints',
    message: 'every constraint was validated against the rows that are there',
    remedy: 'alter table … validate constraint …; rehome orphans finds the rows that a foreign key stumbles over',
    finds: 'findings',
    applicable: `
      select
      from pg_constraint as k
      join pg_namespace as n on n.oid = k.connamespace
      where n.nspname = any ($1)
    `,
    sql: `
      select format('%I on %s', k.conname, k.conrelid::regclass) as finding
      from pg_constraint as k
      join pg_namespace as n on n.oid = k.connamespace
      where n.nspname = any ($1)
        and not k.convalidated
        and k.conrelid <> 0
    `,
    values: ({ schemas }) => [schemas],
  },
  {
    name: 'foreign-keys-enforced',
    category: 'constraints',
    message: 'every foreign key is enforced',
    remedy: 'alter table … enable trigger all, or from PostgreSQL 18 on alter constraint … enforced',
    finds: 'findings',
    applicable: `
      select
      from pg_constraint as f
      join pg_namespace as n on n.oid = f.connamespace
      where n.nspname = any ($1) and f.contype = 'f'
    `,
    // Older majors have no column conenforced: as JSON its absence is a null.
    sql: `
      select format('%I on %s', f.conname, f.conrelid::regclass) as finding
      from pg_constraint as f
      join pg_namespace as n on n.oid = f.connamespace
      where n.nspname = any ($1)
        and f.contype = 'f'
        and (
          not coalesce((to_jsonb(f) ->> 'conenforced')::boolean, true)
          or exists (
            select
            from pg_trigger as t
            where t.tgconstraint = f.oid and t.tgisinternal and t.tgenabled in ('D', 'R')
          )
        )
    `,
    values: ({ schemas }) => [schemas],
  },
  {
    name: 'referential-integrity',
    category: 'constraints',
    message: 'every foreign key finds the row it refers to',
    remedy: 'rehome migration orphans writes a migration that removes the rows',
    ...DECLARED_ORPHANS,
  },
];
