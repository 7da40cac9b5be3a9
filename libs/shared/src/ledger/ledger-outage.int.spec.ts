import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import pg from 'pg';
import { toPosition } from '../contracts/ids.js';
import {
  anEvent,
  closeService,
  createTestLedger,
  newMigrationId,
  onMigration,
  openService,
  type TestLedger,
} from '../../../../test/harness/ledger.js';
import type { RunningPostgres } from '../../../../test/harness/servers/running-server.js';
import { clientToolsMajor } from '../../../../test/harness/servers/client-tools.js';
import { startPostgres } from '../../../../test/harness/servers/start-servers.js';
import { closePools, openPools } from '../database/pools.js';
import { LedgerWriter } from './ledger-writer.js';
import { verifyLedger } from './verify.js';

/** A server of its own: it is killed here. */
let server: RunningPostgres;
let ledger: TestLedger;

beforeAll(async () => {
  server = await startPostgres({ major: clientToolsMajor() });
  ledger = await createTestLedger({ adminUrl: server.adminUrl });
}, 60_000);

afterAll(async () => {
  await closeService(ledger.planner);
  await closeService(ledger.executor);
  await server.stop();
});

const UNAVAILABLE = { code: 'LEDGER_UNAVAILABLE', disposition: 'retry' };

/** Holds the head's row, so that an append waits in the middle. */
async function holdHead(): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: ledger.adminUrl });
  await client.connect();
  await client.query('begin');
  await client.query('select from ledger.head for update');
  return async () => {
    await client.query('rollback');
    await client.end();
  };
}

async function appending(): Promise<void> {
  const waiting = `select from pg_stat_activity where application_name = 'test appends' and wait_event_type = 'Lock'`;
  while ((await ledger.query(waiting)).length === 0);
}

describe('an append whose connection is killed', () => {
  test('before the commit is LEDGER_UNAVAILABLE and leaves nothing; again with the same ids it is done', async () => {
    const id = newMigrationId();
    const item = onMigration(id, 0);
    const letGo = await holdHead();
    const append = ledger.planner.writer.append(item);
    append.catch(() => undefined);
    await appending();
    await ledger.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test appends'`,
    );
    await expect(append).rejects.toMatchObject(UNAVAILABLE);
    await letGo();
    expect(await ledger.planner.reader.readMigration(id)).toEqual([]);
    expect(await ledger.planner.writer.append(item)).toMatchObject({ outcome: 'appended' });
  });

  test('after the commit, before its answer, is LEDGER_UNAVAILABLE; again with the same ids it is a repeat', async () => {
    const id = newMigrationId();
    const item = onMigration(id, 0);
    const pools = openPools({ url: ledger.urls.plannerUrl, applicationName: 'cut' });
    const writer = new LedgerWriter(pools.appends);
    await writer.append({ appends: [], effects: [] });
    // The socket of the one idle connection stops reading: the server commits, its answer never arrives.
    const client = await pools.appends.connect();
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    client.release();
    stream.pause();
    const append = writer.append(item);
    append.catch(() => undefined);
    while ((await ledger.planner.reader.readMigration(id)).length === 0);
    stream.destroy();
    await expect(append).rejects.toMatchObject(UNAVAILABLE);
    const { position } = await ledger.planner.reader.head();
    expect(await writer.append(item)).toEqual({ outcome: 'repeated', position });
    await writer.close();
    await closePools(pools);
  });
});

describe('a ledger that does not answer', () => {
  test('fails an append within the bound, also those that wait behind it', async () => {
    const pools = openPools({ url: ledger.urls.plannerUrl, applicationName: 'bounded', statementTimeoutMs: 1_600 });
    const writer = new LedgerWriter(pools.appends, { maxWaitMs: 1_000 });
    const letGo = await holdHead();
    const first = expect(writer.append(onMigration(newMigrationId(), 0))).rejects.toMatchObject(UNAVAILABLE);
    await Promise.resolve();
    const behind = Array.from({ length: 300 }, () =>
      expect(writer.append(onMigration(newMigrationId(), 0))).rejects.toMatchObject(UNAVAILABLE),
    );
    const since = performance.now();
    await Promise.all([first, ...behind]);
    // Without these bounds it would be the 5 s for which a lock is waited for.
    expect(performance.now() - since).toBeLessThan(4_500);
    await letGo();
    expect(await writer.append(onMigration(newMigrationId(), 0))).toMatchObject({ outcome: 'appended' });
    await writer.close();
    await closePools(pools);
  });

  test('is survived: down, everything fails fast; back, the same writer and reader go on', async () => {
    const id = newMigrationId();
    const item = onMigration(id, 0);
    expect(await ledger.planner.writer.append(item)).toMatchObject({ outcome: 'appended' });
    await server.kill9();
    const since = performance.now();
    const many = Array.from({ length: 20 }, () => ledger.planner.writer.append(onMigration(newMigrationId(), 0)));
    for (const answer of await Promise.allSettled(many)) expect(answer).toMatchObject({ reason: UNAVAILABLE });
    await expect(ledger.planner.reader.read({ after: toPosition(0), limit: 1 })).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - since).toBeLessThan(5_000);
    await server.restart();
    expect(await ledger.planner.writer.append(item)).toMatchObject({ outcome: 'repeated' });
    expect(await ledger.planner.writer.append(onMigration(id, 1, [anEvent(id)]))).toMatchObject({
      outcome: 'appended',
    });
    expect(await verifyLedger(ledger.planner.reader)).toMatchObject({ verified: true });
  }, 60_000);

  test('is not confused with a wrong password', async () => {
    const url = new URL(ledger.urls.plannerUrl);
    url.password = 'not-the-password';
    const service = openService(url.toString());
    const append = service.writer.append(onMigration(newMigrationId(), 0));
    await expect(append).rejects.toMatchObject({ code: 'POSTGRES_AUTHENTICATION_FAILED' });
    await expect(append).rejects.not.toMatchObject({ message: expect.stringContaining('not-the-password') });
    await closeService(service);
  });

  test('takes nothing more when the writer is closed, and answers what it had taken', async () => {
    const service = openService(ledger.urls.plannerUrl);
    const append = service.writer.append(onMigration(newMigrationId(), 0));
    const closing = closeService(service);
    expect(await append).toMatchObject({ outcome: 'appended' });
    await closing;
    await expect(service.writer.append(onMigration(newMigrationId(), 0))).rejects.toMatchObject(UNAVAILABLE);
  });
});
