import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { runPostgresUrl } from './run-addresses.js';

export interface TestDatabase {
  readonly name: string;
  /** Connection string of the superuser. */
  readonly url: string;
  /** The same for another role of this server. */
  urlAs(user: string, password: string): string;
  /** Ends every session in it and drops it. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Which server; by default the one that all tests of a run share. */
  readonly adminUrl?: string;
  /** A database of the same server to copy; nobody may be connected to it. */
  readonly template?: string;
}

/** A fresh, empty database of its own for a test file; drop it in `afterAll`. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const adminUrl = options.adminUrl ?? runPostgresUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const template = pg.escapeIdentifier(options.template ?? 'template0');
  await execute(adminUrl, `create database ${pg.escapeIdentifier(name)} template ${template}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    urlAs: (user, password) => {
      const other = new URL(url);
      other.username = encodeURIComponent(user);
      other.password = encodeURIComponent(password);
      return other.href;
    },
    drop: () => execute(adminUrl, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`),
  };
}

async function execute(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
