import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { createTestLedger, newMigrationId, onMigration, type TestLedger } from '../../../../test/harness/ledger.js';
import { LedgerWake } from './ledger-wake.js';

let ledger: TestLedger;
let wake: LedgerWake;
const never = new AbortController().signal;
const LONG_MS = 20_000;

beforeAll(async () => {
  ledger = await createTestLedger();
  wake = new LedgerWake(ledger.urls.plannerUrl);
});

afterAll(async () => {
  await wake.close();
  await ledger.close();
});

function append() {
  return ledger.planner.writer.append(onMigration(newMigrationId(), 0));
}

async function listening(): Promise<void> {
  const text = `select from pg_stat_activity where application_name = 'rehome wake' and datname = $1 and query like 'select position%'`;
  while ((await ledger.query(text, [ledger.database])).length === 0);
}

describe('a wake-up', () => {
  test('comes with an append, to everybody who waits', async () => {
    const { position } = await ledger.planner.reader.head();
    const waiting = [wake.waitFor(never, LONG_MS, position), wake.waitFor(never, LONG_MS, position)];
    await append();
    await Promise.all(waiting);
  });

  test('comes at once for what was appended between reading and waiting', async () => {
    const { position } = await ledger.planner.reader.head();
    const other = wake.waitFor(never, LONG_MS, position);
    await append();
    await other;
    await wake.waitFor(never, LONG_MS, position);
  });

  test('comes by time-out when nothing happens, and by abort', async () => {
    const { position } = await ledger.planner.reader.head();
    await wake.waitFor(never, 10, position);
    const stop = new AbortController();
    const waiting = wake.waitFor(stop.signal, LONG_MS, position);
    stop.abort();
    await waiting;
    await wake.waitFor(stop.signal, LONG_MS, position);
  });

  test('comes again after the connection broke', async () => {
    await listening();
    const { position } = await ledger.planner.reader.head();
    const waiting = wake.waitFor(never, LONG_MS, position);
    await ledger.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rehome wake'
      and datname = $1`,
      [ledger.database],
    );
    await append();
    await waiting;
  });

  test('lets go of everybody when it is closed', async () => {
    const closing = new LedgerWake(ledger.urls.plannerUrl);
    const waiting = closing.waitFor(never, LONG_MS, 10_000n);
    await closing.close();
    await waiting;
    await closing.waitFor(never, LONG_MS);
  });
});
