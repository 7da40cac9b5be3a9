import { USER_SCHEMA } from './catalogue/queries/catalogue-query.js';
import type { Session } from './session.js';

/** Objects of one schema that cannot exist without objects of another. */
export interface SchemaCrossing {
  readonly from: string;
  readonly to: string;
  readonly objects: number;
  /** One of them, as PostgreSQL describes it. */
  readonly example: string;
}

/** What `pg_depend` speaks of, with the schema it lies in; a trigger, rule, policy or default lies with its table. */
const OBJECTS = `
  select 'pg_class'::regclass as classid, oid as objid, relnamespace as namespace from pg_class
  union all select 'pg_proc'::regclass, oid, pronamespace from pg_proc
  union all select 'pg_type'::regclass, oid, typnamespace from pg_type
  union all select 'pg_collation'::regclass, oid, collnamespace from pg_collation
  union all select 'pg_operator'::regclass, oid, oprnamespace from pg_operator
  union all select 'pg_constraint'::regclass, oid, connamespace from pg_constraint
  union all select 'pg_attrdef'::regclass, d.oid, c.relnamespace from pg_attrdef d join pg_class c on c.oid = d.adrelid
  union all select 'pg_rewrite'::regclass, r.oid, c.relnamespace from pg_rewrite r join pg_class c on c.oid = r.ev_class
  union all select 'pg_trigger'::regclass, t.oid, c.relnamespace from pg_trigger t join pg_class c on c.oid = t.tgrelid
  union all select 'pg_policy'::regclass, p.oid, c.relnamespace from pg_policy p join pg_class c on c.oid = p.polrelid`;

/**
 * Which schemas lean on which: `pg_dump --schema` takes neither a foreign key's other end nor a type along, and a
 * restore of one without the other fails. What an extension made is no crossing: extensions are created first.
 */
export async function readCrossings(session: Session): Promise<SchemaCrossing[]> {
  const { rows } = await session.query<SchemaCrossing>(
    `with object as (${OBJECTS}), crossing as (
       select distinct one.nspname::text as "from", other.nspname::text as "to", d.classid, d.objid
       from pg_depend d
       join object l on l.classid = d.classid and l.objid = d.objid
       join object r on r.classid = d.refclassid and r.objid = d.refobjid and r.namespace <> l.namespace
       join pg_namespace one on one.oid = l.namespace
       join pg_namespace other on other.oid = r.namespace
       where d.deptype in ('n', 'a') and ${USER_SCHEMA('one')} and ${USER_SCHEMA('other')}
         and not exists (
           select from pg_depend member
           where member.classid = r.classid and member.objid = r.objid and member.deptype = 'e'
         )
         and not exists (
           select from pg_depend member
           where member.classid = l.classid and member.objid = l.objid and member.deptype = 'e'
         )
     )
     select "from", "to", count(*)::int as objects, min(pg_describe_object(classid, objid, 0)) as example
     from crossing
     group by 1, 2
     order by 1, 2`,
  );
  return rows;
}

/** Crossings that leave the chosen schemas: what would be missing. */
export function leaving(crossings: readonly SchemaCrossing[], schemas: readonly string[]): SchemaCrossing[] {
  const chosen = new Set(schemas);
  return crossings.filter(({ from, to }) => chosen.has(from) && !chosen.has(to));
}
