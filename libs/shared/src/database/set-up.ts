import pg from 'pg';
import { quoteIdentifier } from './identifier.js';
import { createLedgerRoles, LOGIN_ROLES, OWNER_ROLE, type LedgerPasswords } from './ledger-roles.js';
import { withPolledLock } from './polled-lock.js';
import { classifyPostgresError } from './postgres-errors.js';
import { applySchemaFiles } from './schema-files.js';

export interface LedgerSetUp {
  /** A superuser, or a role with CREATEDB and CREATEROLE; its database is only used to connect. */
  readonly adminUrl: string;
  /** Name of the database to create, usually `rehome`. */
  readonly database: string;
  readonly passwords: LedgerPasswords;
  /** Logins that are there keep their passwords: others may use them. */
  readonly keepPasswords?: true;
}

export interface LedgerUrls {
  readonly plannerUrl: string;
  readonly executorUrl: string;
  readonly analystUrl: string;
}

const LOCK_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Creates the ledger database with its roles, schemas and rights, or brings it up to date. Can be repeated
 * and run by many at once. Roles belong to the whole cluster: databases of one cluster share their passwords.
 *
 * @throws RehomeError POSTGRES_… classified, or CONFIGURATION_INVALID when a released schema file was edited.
 */
export async function setUpLedger(setUp: LedgerSetUp): Promise<LedgerUrls> {
  try {
    await withClient(setUp.adminUrl, (admin) =>
      withPolledLock(admin, LOCK_TIMEOUT_MS, async () => {
        await createLedgerRoles(admin, setUp.passwords, setUp.keepPasswords);
        await createDatabase(admin, setUp.database);
        await withClient(withDatabase(setUp.adminUrl, setUp.database), async (client) => {
          await applySchemaFiles(client);
          await limitDatabase(client, setUp.database);
        });
      }),
    );
  } catch (error) {
    throw classifyPostgresError(error);
  }
  return {
    plannerUrl: loginUrl(setUp, 'planner'),
    executorUrl: loginUrl(setUp, 'executor'),
    analystUrl: loginUrl(setUp, 'analyst'),
  };
}

/** The same server, another database. */
export function withDatabase(url: string, database: string): string {
  const result = new URL(url);
  result.pathname = `/${encodeURIComponent(database)}`;
  return result.toString();
}

function loginUrl(setUp: LedgerSetUp, service: keyof LedgerPasswords): string {
  const url = new URL(withDatabase(setUp.adminUrl, setUp.database));
  url.username = LOGIN_ROLES[service];
  url.password = encodeURIComponent(setUp.passwords[service]);
  return url.toString();
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'rehome set-up',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A connection that breaks between two queries must not end the process; the next query reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Creates it, or takes over an empty one that was made beforehand. */
async function createDatabase(admin: pg.Client, database: string): Promise<void> {
  const { rowCount } = await admin.query('select from pg_database where datname = $1', [database]);
  if (rowCount !== 0) {
    await admin.query(`alter database ${quoteIdentifier(database)} owner to ${OWNER_ROLE}`);
    return;
  }
  // C everywhere: stream names compare bytewise, and the ledger sorts alike on any system.
  await admin.query(
    `create database ${quoteIdentifier(database)} owner ${OWNER_ROLE} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`,
  );
}

/** Only the three logins connect; a service never holds a transaction open, an analyst never writes. */
async function limitDatabase(client: pg.Client, database: string): Promise<void> {
  const name = quoteIdentifier(database);
  await client.query(`
    revoke all on database ${name} from public;
    grant connect on database ${name} to ${Object.values(LOGIN_ROLES).join(', ')};
    revoke all on schema public from public;
    alter role ${LOGIN_ROLES.planner} in database ${name} set idle_in_transaction_session_timeout = '10s';
    alter role ${LOGIN_ROLES.executor} in database ${name} set idle_in_transaction_session_timeout = '10s';
    alter role ${LOGIN_ROLES.analyst} in database ${name} set default_transaction_read_only = on;
    alter role ${LOGIN_ROLES.analyst} in database ${name} set search_path = analytics;
    alter role ${LOGIN_ROLES.analyst} in database ${name} set statement_timeout = '5min';
  `);
}
