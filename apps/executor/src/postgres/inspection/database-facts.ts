import type { DatabaseFacts, ExtensionFact, RoleFact } from '#shared/contracts/steps/database-facts.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { fingerprint } from '../catalogue/fingerprint.js';
import { USER_SCHEMA } from '../catalogue/queries/catalogue-query.js';
import { mentionedRoles } from '../catalogue/queries/settings.js';
import { readCatalogue, structureOf, type CatalogueReading } from '../catalogue/read-structure.js';
import { collationVersion } from './collation-version.js';
import { majorOf, serverVersion, type Session } from '../session.js';

/** Reads what a plan is compiled from, of the session's database. Changes nothing. */
export async function readDatabaseFacts(session: Session): Promise<DatabaseFacts> {
  await session.query('begin transaction isolation level repeatable read, read only');
  try {
    const { facts } = await readFactsWithin(session);
    await session.query('commit');
    return facts;
  } catch (error) {
    await session.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** The same within the caller's transaction, with the catalogue that they were drawn from. */
export async function readFactsWithin(
  session: Session,
): Promise<{ readonly facts: DatabaseFacts; readonly catalogue: CatalogueReading }> {
  const version = await serverVersion(session);
  const identity = await readIdentity(session, majorOf(version));
  const catalogue = await readCatalogue(session, identity.owner);
  const facts = {
    serverVersion: version,
    ...identity,
    ...(await sortOrder(session, identity)),
    extensions: await readExtensions(session),
    roles: await readRoles(session, identity.owner),
    fingerprint: fingerprint(structureOf(catalogue, (role) => role)),
  };
  return { facts, catalogue };
}

type Identity = Omit<DatabaseFacts, 'serverVersion' | 'extensions' | 'roles' | 'fingerprint' | 'collationVersion'>;

async function readIdentity(session: Session, major: number): Promise<Identity> {
  const provider = major >= 15 ? 'd.datlocprovider::text' : `'c'`;
  const locale = major >= 17 ? 'd.datlocale' : major >= 15 ? 'd.daticulocale' : 'null::text';
  const { rows } = await session.query<Omit<Identity, 'icuLocale'> & { icuLocale: string | null }>(
    `select pg_get_userbyid(d.datdba) as owner, pg_encoding_to_char(d.encoding) as encoding,
       d.datcollate as collate, d.datctype as ctype, ${provider} as "localeProvider", ${locale} as "icuLocale",
       pg_database_size(d.oid)::text as "sizeBytes",
       (select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and ${USER_SCHEMA('n')}) as tables,
       (select coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and ${USER_SCHEMA('n')}) as "estimatedRows",
       (select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'S' and ${USER_SCHEMA('n')}) as sequences,
       (select count(*)::int from pg_largeobject_metadata) as "largeObjects"
     from pg_database d where d.datname = current_database()`,
  );
  const row = rows[0];
  if (!row) throw new RehomeError('INTERNAL', 'the session is in no database');
  const { icuLocale, ...identity } = row;
  return icuLocale === null ? identity : { ...identity, icuLocale };
}

async function sortOrder(session: Session, identity: Identity): Promise<Pick<DatabaseFacts, 'collationVersion'>> {
  const version = await collationVersion(session, identity);
  return version === undefined ? {} : { collationVersion: version };
}

async function readExtensions(session: Session): Promise<ExtensionFact[]> {
  const { rows } = await session.query<ExtensionFact>(
    `select e.extname as name, e.extversion as version, n.nspname as schema
     from pg_extension e join pg_namespace n on n.oid = e.extnamespace
     -- One that needs another was made after it.
     order by e.oid`,
  );
  return rows;
}

async function readRoles(session: Session, owner: string): Promise<RoleFact[]> {
  const { rows } = await session.query<RoleFact>(
    `with mentioned (oid) as (${mentionedRoles(owner)})
     select r.rolname as name, r.rolcanlogin as "canLogin", r.rolsuper as superuser, r.rolbypassrls as "bypassRls",
       r.rolinherit as inherit, r.rolconnlimit as "connectionLimit",
       array(
         select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid
         where m.member = r.oid and m.roleid in (select oid from mentioned) order by 1
       ) as "memberOf"
     from pg_roles r where r.oid in (select oid from mentioned) order by 1`,
  );
  return rows;
}
