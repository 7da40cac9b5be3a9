import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { setUpLedger, type LedgerUrls } from '#shared/database/set-up.js';
import { TEST_PASSWORDS } from './ledger.js';
import { runPostgresUrl } from './run-addresses.js';

export interface TestLedger extends LedgerUrls {
  /** Connection string of the superuser at the ledger's database. */
  readonly adminUrl: string;
  drop(): Promise<void>;
}

/** A ledger of its own for a test file; drop it in `afterAll`. */
export async function createTestLedger(serverUrl = runPostgresUrl()): Promise<TestLedger> {
  const database = `ledger_${randomBytes(6).toString('hex')}`;
  const urls = await setUpLedger({ adminUrl: serverUrl, database, passwords: TEST_PASSWORDS });
  const adminUrl = new URL(serverUrl);
  adminUrl.pathname = `/${database}`;
  return { ...urls, adminUrl: adminUrl.href, drop: () => drop(serverUrl, database) };
}

async function drop(serverUrl: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`);
  } finally {
    await client.end();
  }
}
