import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import type { NewEvent } from '#shared/contracts/events.js';
import { toMigrationId, toStepId, type MigrationId, type StreamId } from '#shared/contracts/ids.js';
import { migrationStream, stepStream } from '#shared/contracts/streams.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { closePools, openPools, type LedgerPools } from '#shared/database/pools.js';
import { setUpLedger, withDatabase, type LedgerUrls } from '#shared/database/set-up.js';
import type { LedgerEffect } from '#shared/ledger/ledger-effect.js';
import type { LedgerItem } from '#shared/ledger/ledger-item.js';
import { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { runPostgresUrl } from './run-addresses.js';

/** Roles belong to the cluster, so every test ledger of a run uses the same passwords. */
export const TEST_PASSWORDS = { planner: 'planner-pass', executor: 'executor-pass', analyst: 'analyst-pass' } as const;

/** A ledger as one service uses it. */
export interface TestLedgerService {
  readonly url: string;
  readonly pools: LedgerPools;
  readonly writer: LedgerWriter;
  readonly reader: LedgerReader;
}

export interface TestLedger {
  readonly database: string;
  /** Superuser, connected to the ledger's database. */
  readonly adminUrl: string;
  readonly urls: LedgerUrls;
  readonly planner: TestLedgerService;
  readonly executor: TestLedgerService;
  /** Runs SQL as the superuser, or as the login of a url. */
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[], url?: string): Promise<R[]>;
  /** Closes what it opened and drops the database. */
  close(): Promise<void>;
}

/** A ledger of its own for a test file, on the server of the run or the given one. */
export async function createTestLedger(options: { readonly adminUrl?: string } = {}): Promise<TestLedger> {
  const serverUrl = options.adminUrl ?? runPostgresUrl();
  const database = `ledger_${randomBytes(6).toString('hex')}`;
  const urls = await setUpLedger({ adminUrl: serverUrl, database, passwords: TEST_PASSWORDS });
  const planner = openService(urls.plannerUrl);
  const executor = openService(urls.executorUrl);
  const adminUrl = withDatabase(serverUrl, database);
  return {
    database,
    adminUrl,
    urls,
    planner,
    executor,
    query: (text, values = [], url = adminUrl) => query(url, text, values),
    close: async () => {
      await Promise.all([closeService(planner), closeService(executor)]);
      await query(serverUrl, `drop database if exists ${quoteIdentifier(database)} with (force)`, []);
    },
  };
}

/** Writer, reader and pools of a login, with short time-outs. */
export function openService(url: string): TestLedgerService {
  const pools = openPools({ url, applicationName: 'test' });
  return { url, pools, writer: new LedgerWriter(pools.appends), reader: new LedgerReader(pools.reads) };
}

export async function closeService(service: TestLedgerService): Promise<void> {
  await service.writer.close();
  await closePools(service.pools);
}

export function newMigrationId(): MigrationId {
  return toMigrationId(randomUUID());
}

/** A small event of a migration's own stream. */
export function anEvent(migrationId: string, reason = 'test', eventId: string = randomUUID()): NewEvent {
  return {
    eventId,
    type: 'MigrationPaused',
    schemaVersion: 1,
    data: { migrationId, requestedBy: 'key:test', reason },
    metadata: { correlationId: migrationId, causationId: migrationId, actor: 'key:test' },
  };
}

/** An item that appends events to a migration's stream. */
export function onMigration(
  migrationId: MigrationId,
  expected: number | 'any',
  events: readonly NewEvent[] = [anEvent(migrationId)],
  effects: readonly LedgerEffect[] = [],
): LedgerItem {
  return { appends: [{ stream: migrationStream(migrationId), expected, events }], effects };
}

/** A step's stream of a migration. */
export function aStepStream(migrationId: MigrationId, stepId = 'stop-service'): StreamId {
  return stepStream(migrationId, toStepId(stepId));
}

async function query<R extends pg.QueryResultRow>(url: string, text: string, values: unknown[]): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end();
  }
}
