import { OF_EXTENSION, type ValidationCheck } from '../check.js';

const APPLICATION_NAMED = `
  select
  where $2::text is not null and cardinality($1::text[]) > 0
`;

export const ACCESS_CHECKS: readonly ValidationCheck[] = [
  {
    name: 'application-grants',
    category: 'security',
    message: 'the application role may read and write every table and use every sequence',
    remedy: 'grant it, and alter default privileges for role OWNER, so that what later migrations make is granted too',
    finds: 'findings',
    applicable: APPLICATION_NAMED,
    sql: `
      with application as (
        select oid, rolname
        from pg_roles
        where rolname = $2
      ),
      object as (
        select c.oid, c.relkind
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any ($1)
          and c.relkind in ('r', 'p', 'v', 'S')
          -- Who reads a partition by its root needs no rights on it.
          and not c.relispartition
          and not ${OF_EXTENSION}
      )
      select format('role %I does not exist', $2) as finding
      where not exists (select from application)
      union all
      select format('connect on database %I', current_database())
      from application
      where not has_database_privilege(application.oid, current_database(), 'connect')
      union all
      select format('usage on schema %I', n.nspname)
      from application
      join pg_namespace as n on n.nspname = any ($1)
      where not has_schema_privilege(application.oid, n.oid, 'usage')
      union all
      select format('%s on %s', string_agg(privilege, ', ' order by place), object.oid::regclass)
      from application
      cross join object
      cross join unnest(array['select', 'insert', 'update', 'delete']) with ordinality as wanted (privilege, place)
      where (object.relkind in ('r', 'p') or (object.relkind = 'v' and privilege = 'select'))
        and not has_table_privilege(application.oid, object.oid, privilege)
      group by object.oid
      union all
      select format('usage on sequence %s', object.oid::regclass)
      from application
      cross join object
      where case object.relkind when 'S' then not has_sequence_privilege(application.oid, object.oid, 'usage') end
    `,
    values: ({ schemas, application }) => [schemas, application ?? null],
  },
  {
    name: 'application-restrained',
    category: 'security',
    message: 'the application role can neither change structures nor the bookkeeping of migrations',
    remedy:
      'alter role … nosuperuser nocreaterole nobypassrls; let another role own tables, schemas and the database; ' +
      'revoke create, the membership in the owner and what it has in rehome',
    finds: 'findings',
    // Where the application is the owner itself, it owns.
    applicable: `
      select
      from pg_roles
      where rolname = $2::text and $2::text <> $3::text and cardinality($1::text[]) > 0
    `,
    sql: `
      with application as (
        select *
        from pg_roles
        where rolname = $2
      )
      select attribute as finding
      from application
      cross join lateral (
        values
          ('is a superuser', application.rolsuper),
          ('creates roles', application.rolcreaterole),
          ('bypasses row security', application.rolbypassrls)
      ) as power (attribute, has)
      where has
      union all
      select format('owns %s', c.oid::regclass)
      from application
      join pg_class as c on c.relowner = application.oid and c.relkind in ('r', 'p')
      join pg_namespace as n on n.oid = c.relnamespace and n.nspname = any ($1)
      union all
      select format('owns schema %I', n.nspname)
      from application
      join pg_namespace as n on n.nspowner = application.oid and n.nspname = any ($1)
      union all
      select format('owns database %I', d.datname)
      from application
      join pg_database as d on d.datdba = application.oid and d.datname = current_database()
      union all
      select format('is a member of %I', owner.rolname)
      from application
      join pg_roles as owner on owner.rolname = $3::text
      where not application.rolsuper and pg_has_role(application.oid, owner.oid, 'member')
      union all
      select format('create on schema %I', n.nspname)
      from application
      join pg_namespace as n on n.nspname = any ($1)
      where not application.rolsuper and has_schema_privilege(application.oid, n.oid, 'create')
      union all
      select format('create on database %I', current_database())
      from application
      where not application.rolsuper and has_database_privilege(application.oid, current_database(), 'create')
      union all
      select format('%s on %s', string_agg(privilege, ', ' order by place), c.oid::regclass)
      from application
      join pg_namespace as n on n.nspname = 'rehome'
      join pg_class as c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
      cross join unnest(array['insert', 'update', 'delete', 'truncate']) with ordinality as wanted (privilege, place)
      where not application.rolsuper
        and has_table_privilege(application.oid, c.oid, privilege)
      group by c.oid
    `,
    values: ({ schemas, application, owner }) => [schemas, application ?? null, owner],
  },
  {
    name: 'no-public-privileges',
    category: 'security',
    message: 'PUBLIC, which is every role there will ever be, has no rights on tables and may make nothing in schemas',
    remedy: 'revoke all on … from public; revoke create on schema … from public; grant roles what they need',
    finds: 'findings',
    applicable: 'select where cardinality($1::text[]) > 0',
    sql: `
      select format(
        '%s on %s', string_agg(lower(acl.privilege_type), ', ' order by acl.privilege_type), c.oid::regclass
      ) as finding
      from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace
      cross join aclexplode(c.relacl) as acl
      where n.nspname = any ($1) and acl.grantee = 0 and not ${OF_EXTENSION}
      group by c.oid
      union all
      select format('create on schema %I', n.nspname)
      from pg_namespace as n
      cross join aclexplode(n.nspacl) as acl
      where n.nspname = any ($1) and acl.grantee = 0 and acl.privilege_type = 'CREATE'
    `,
    values: ({ schemas }) => [schemas],
  },
  {
    name: 'no-public-connect',
    category: 'security',
    message: 'only roles that were granted it may connect to the database',
    remedy: 'revoke connect, temporary on database … from public; grant connect on database … to the application role',
    finds: 'findings',
    applicable: APPLICATION_NAMED,
    // Without a list of its own a database has the default one, which lets PUBLIC in.
    sql: `
      select format(
        '%s on database %I', string_agg(lower(acl.privilege_type), ', ' order by acl.privilege_type), d.datname
      ) as finding
      from pg_database as d
      cross join aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) as acl
      where d.datname = current_database()
        and acl.grantee = 0
        and ($1::text[], $2::text) is not null
      group by d.datname
    `,
    values: ({ schemas, application }) => [schemas, application ?? null],
  },
];
