import pg from 'pg';
import { fitIdentifier, quoteIdentifier, quoteLiteral } from '#shared/database/identifier.js';
import { objectStatements, type TenantNames } from './tenant-objects.js';
import { ATTACHMENTS, rowStatements } from './tenant-rows.js';
import { TABLES, TYPES_AND_SEQUENCES } from './tenant-tables.js';

export interface TenantOptions {
  /** Connection string of a superuser. */
  readonly adminUrl: string;
  readonly database: string;
  /** Role the application logs in as; owns everything in the database. Made when missing. */
  readonly owner: string;
  readonly ownerPassword: string;
  /** 1 makes about 412,000 rows. */
  readonly scale: number;
}

export interface TenantFacts {
  readonly database: string;
  readonly owner: string;
  readonly reader: string;
  readonly tables: number;
  readonly rows: number;
  readonly largeObjects: number;
  readonly bytes: number;
}

/** Makes the database of the sample tenant, with its roles. @throws Error when there is one of this name already. */
export async function createTenant(options: TenantOptions): Promise<TenantFacts> {
  const { adminUrl, database, owner } = options;
  const names: TenantNames = { database, owner, reader: fitIdentifier(owner, '_reader') };
  await withClient(adminUrl, undefined, (admin) => createDatabase(admin, options, names));
  return withClient(adminUrl, database, async (admin) => {
    await createExtension(admin);
    await admin.query(`set role ${quoteIdentifier(owner)}`);
    await admin.query('set timezone = utc');
    for (const statement of [
      TYPES_AND_SEQUENCES,
      TABLES,
      ...rowStatements(options.scale),
      ATTACHMENTS,
      ...objectStatements(names),
    ]) {
      await admin.query(statement);
    }
    await admin.query('reset role');
    await admin.query('analyze');
    return { ...(await readFacts(admin)), database, owner, reader: names.reader };
  });
}

export async function withClient<T>(
  adminUrl: string,
  database: string | undefined,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(addressOf(adminUrl, database));
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** The parts of a connection string: as a whole it could not hold a database called `a=b` (pg leaves `%3D` as it is). */
export function addressOf(connectionString: string, database?: string): pg.ClientConfig {
  const { hostname, port, username, password, pathname } = new URL(connectionString);
  return {
    host: hostname,
    port: Number(port || '5432'),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: database ?? decodeURIComponent(pathname.slice(1)),
  };
}

/** Creates a login role when it is missing, with this password. */
export async function createLogin(admin: pg.Client, role: string, password: string): Promise<void> {
  await createRole(admin, role);
  await admin.query(`alter role ${quoteIdentifier(role)} login password ${quoteLiteral(password)}`);
}

async function createRole(admin: pg.Client, role: string): Promise<void> {
  const { rowCount } = await admin.query('select from pg_roles where rolname = $1', [role]);
  if (rowCount === 0) await admin.query(`create role ${quoteIdentifier(role)}`);
}

async function createDatabase(admin: pg.Client, { ownerPassword }: TenantOptions, names: TenantNames): Promise<void> {
  const database = quoteIdentifier(names.database);
  const owner = quoteIdentifier(names.owner);
  await createLogin(admin, names.owner, ownerPassword);
  await createRole(admin, names.reader);
  await admin.query(
    `create database ${database} owner ${owner} template template0 encoding 'UTF8' connection limit 60`,
  );
  await admin.query(`alter database ${database} set timezone = 'Europe/Berlin'`);
  await admin.query(`alter database ${database} set default_text_search_config = 'pg_catalog.simple'`);
  await admin.query(`alter role ${owner} in database ${database} set work_mem = '12MB'`);
  await admin.query(`alter role ${owner} in database ${database} set search_path = "$user", public, "Eigene Daten"`);
  await admin.query(`comment on database ${database} is 'Sample tenant of Rehome'`);
}

/** Servers without contrib modules do without. */
async function createExtension(admin: pg.Client): Promise<void> {
  const { rowCount } = await admin.query(`select from pg_available_extensions where name = 'pg_trgm'`);
  if (rowCount === 0) return;
  await admin.query('create extension pg_trgm');
}

async function readFacts(admin: pg.Client): Promise<Pick<TenantFacts, 'tables' | 'rows' | 'largeObjects' | 'bytes'>> {
  const { rows: tables } = await admin.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r'
        and n.nspname !~ '^pg_|^information_schema$'`,
  );
  let rows = 0;
  for (const { name } of tables) {
    const { rows: counted } = await admin.query<{ count: string }>(`select count(*) from ${name}`);
    rows += Number(counted[0]?.count);
  }
  const { rows: sizes } = await admin.query<{ objects: string; bytes: string }>(
    `select (select count(*) from pg_largeobject_metadata) as objects,
            pg_database_size(current_database()) as bytes`,
  );
  return { tables: tables.length, rows, largeObjects: Number(sizes[0]?.objects), bytes: Number(sizes[0]?.bytes) };
}
