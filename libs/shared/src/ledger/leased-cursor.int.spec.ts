import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { toPosition } from '../contracts/ids.js';
import { createTestLedger, type TestLedger } from '../../../../test/harness/ledger.js';
import { until } from '../../../../test/harness/messaging-test-kit.js';
import { LeasedCursor } from './leased-cursor.js';

let ledger: TestLedger;

beforeAll(async () => {
  ledger = await createTestLedger();
});

afterAll(async () => {
  await ledger.close();
});

async function acquire(name: string, owner: string, ttlMs = 10_000): Promise<LeasedCursor> {
  const cursor = await LeasedCursor.acquire(ledger.planner.pools.leases, { name, owner, ttlMs });
  if (cursor === undefined) throw new Error(`${owner} did not get ${name}`);
  return cursor;
}

function move(cursor: LeasedCursor, position: number) {
  return ledger.planner.writer.append({ appends: [], effects: [cursor.moveTo(toPosition(position))] });
}

/** As if the owner had been stopped for longer than its lease. */
async function expire(name: string): Promise<void> {
  await ledger.query(`update ledger.cursor set lease_until = now() - interval '1 s' where name = $1`, [name]);
}

/** In ms since 1970. */
async function leasedUntil(name: string): Promise<number> {
  const [row] = await ledger.query<{ lease_until: Date }>('select lease_until from ledger.cursor where name = $1', [
    name,
  ]);
  return row?.lease_until.getTime() ?? 0;
}

describe('a leased cursor', () => {
  test('has one owner at a time', async () => {
    const name = randomUUID();
    const first = await acquire(name, 'a');
    expect(await LeasedCursor.acquire(ledger.planner.pools.leases, { name, owner: 'b', ttlMs: 1_000 })).toBeUndefined();
    await first.release();
    await (await acquire(name, 'b')).release();
  });

  test('goes on where the owner before it had got to', async () => {
    const name = randomUUID();
    const first = await acquire(name, 'a');
    expect(first.position).toBe(0n);
    expect(await move(first, 5)).toMatchObject({ outcome: 'appended' });
    await first.release();
    const second = await acquire(name, 'b');
    expect([second.position, second.fence]).toEqual([5n, 2]);
    expect(await move(second, 4)).toMatchObject({ reason: 'backwards', detail: { position: '5' } });
    await second.release();
  });

  test('refuses the moves of an owner that was taken over, and tells it', async () => {
    const name = randomUUID();
    const zombie = await acquire(name, 'a');
    await expire(name);
    const heir = await acquire(name, 'b');
    expect(await move(zombie, 1)).toEqual({
      outcome: 'refused',
      effect: 'cursor',
      reason: 'stale-fence',
      detail: { fence: 2, owner: 'b' },
    });
    await expect(zombie.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(zombie.lost.aborted).toBe(true);
    expect(() => {
      zombie.check();
    }).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }));
    expect(await move(heir, 1)).toMatchObject({ outcome: 'appended' });
    await zombie.release();
    expect(await move(heir, 2)).toMatchObject({ outcome: 'appended' });
    await heir.release();
  });

  test('fences off the earlier life of the same owner', async () => {
    const name = randomUUID();
    const before = await acquire(name, 'a');
    const after = await acquire(name, 'a');
    expect(await move(before, 1)).toMatchObject({ reason: 'stale-fence' });
    expect(await move(after, 1)).toMatchObject({ outcome: 'appended' });
    await Promise.all([before.release(), after.release()]);
  });

  test('renews itself for longer than its time to live', async () => {
    const name = randomUUID();
    const ttlMs = 3_000;
    const cursor = await acquire(name, 'a', ttlMs);
    const first = await leasedUntil(name);
    await until(async () => {
      cursor.check();
      return (await leasedUntil(name)) > first + ttlMs;
    });
    expect(await move(cursor, 1)).toMatchObject({ outcome: 'appended' });
    await cursor.release();
  });

  test('is lost before another may take it when nobody answers its renewals', async () => {
    const name = randomUUID();
    // Each renewal waits for the row until this transaction ends.
    const blocker = await ledger.planner.pools.reads.connect();
    const cursor = await acquire(name, 'a', 5_000);
    await blocker.query('begin');
    await blocker.query('update ledger.cursor set fence = fence where name = $1', [name]);
    await once(cursor.lost, 'abort');
    // By the session that is there already: to open another may take longer than the margin.
    const { rows } = await blocker.query<{ free: boolean }>(
      'select lease_until < clock_timestamp() as free from ledger.cursor where name = $1',
      [name],
    );
    expect(rows).toEqual([{ free: false }]);
    await blocker.query('rollback');
    blocker.release();
    await cursor.release();
  });
});
