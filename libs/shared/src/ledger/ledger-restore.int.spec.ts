import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  closeService,
  createTestLedger,
  newMigrationId,
  onMigration,
  openService,
  TEST_PASSWORDS,
  type TestLedger,
} from '../../../../test/harness/ledger.js';
import { clientToolsMajor } from '../../../../test/harness/servers/client-tools.js';
import type { RunningPostgres } from '../../../../test/harness/servers/running-server.js';
import { startPostgres } from '../../../../test/harness/servers/start-servers.js';
import { toPosition } from '../contracts/ids.js';
import { setUpLedger, withDatabase } from '../database/set-up.js';
import { LeasedCursor } from './leased-cursor.js';
import { refuseLostTail } from './known-tail.js';
import { verifyLedger } from './verify.js';

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'rehome-ledger-dump-'));
let ledger: TestLedger;
let elsewhere: RunningPostgres;

beforeAll(async () => {
  ledger = await createTestLedger();
  elsewhere = await startPostgres({ major: clientToolsMajor(), durable: false });
}, 60_000);

afterAll(async () => {
  rmSync(directory, { recursive: true });
  await ledger.close();
  await elsewhere.stop();
});

/** The ledger as it stands now, on another server, as an operator would restore it. */
async function restoreElsewhere(name: string): Promise<string> {
  const file = join(directory, name);
  await run('pg_dump', ['--format=custom', `--file=${file}`, ledger.adminUrl]);
  const target = { adminUrl: elsewhere.adminUrl, database: name, passwords: TEST_PASSWORDS };
  // Roles and the database with its settings; then the dump replaces what it holds.
  const urls = await setUpLedger(target);
  const url = withDatabase(elsewhere.adminUrl, name);
  await run('pg_restore', ['--clean', '--if-exists', '--exit-on-error', `--dbname=${url}`, file]);
  return urls.plannerUrl;
}

async function append(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await ledger.planner.writer.append(onMigration(newMigrationId(), 0));
}

describe('a ledger restored on another server', () => {
  test('keeps its cursors valid: a reader goes on where it was, sees all, and the chain goes on', async () => {
    await append(6);
    const claim = { name: 'reader', owner: 'a', ttlMs: 30_000 };
    const before = await LeasedCursor.acquire(ledger.planner.pools.leases, claim);
    if (before === undefined) throw new Error('no lease');
    await ledger.planner.writer.append({ appends: [], effects: [before.moveTo(toPosition(4))] });
    await before.release();

    const restored = openService(await restoreElsewhere('whole'));
    const cursor = await LeasedCursor.acquire(restored.pools.leases, { ...claim, owner: 'b' });
    expect(cursor?.position).toBe(4n);
    expect(await restored.writer.append(onMigration(newMigrationId(), 0))).toMatchObject({ position: 7n });
    const events = await restored.reader.read({ after: cursor?.position ?? toPosition(0), limit: 10 });
    expect(events.map(({ position }) => position)).toEqual([5n, 6n, 7n]);
    expect(await verifyLedger(restored.reader)).toMatchObject({ verified: true, to: '7' });
    const known = { ...(await ledger.planner.reader.head()), source: 'checkpoint', position: '6' };
    await refuseLostTail(restored.reader, restored.pools.reads, known);
    await cursor?.release();
    await closeService(restored);
  }, 60_000);

  test('without its tail takes no appends, and no position is ever issued twice', async () => {
    const url = await restoreElsewhere('tailless');
    await append(2);
    const head = await ledger.planner.reader.head();
    const known = {
      source: 'rehome.events.v1',
      ledgerId: head.ledgerId,
      position: String(head.position),
      hash: head.hash,
    };
    const restored = openService(url);
    await expect(refuseLostTail(restored.reader, restored.pools.reads, known)).rejects.toMatchObject({
      code: 'LEDGER_BROKEN',
    });
    await expect(restored.writer.append(onMigration(newMigrationId(), 0))).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
    });
    expect((await restored.reader.head()).heldBecause).toContain('rehome.events.v1');

    // An administrator gives the tail up: the epoch says so.
    await ledger.query('select ledger.resume()', [], withDatabase(elsewhere.adminUrl, 'tailless'));
    expect(await restored.reader.head()).toMatchObject({ epoch: 2 });
    expect(await restored.writer.append(onMigration(newMigrationId(), 0))).toMatchObject({ outcome: 'appended' });
    const forked = { ...known, position: String((await restored.reader.head()).position) };
    await expect(refuseLostTail(restored.reader, restored.pools.reads, forked)).rejects.toMatchObject({
      message: expect.stringContaining('is not the one that was published'),
    });
    await closeService(restored);
  }, 60_000);
});
