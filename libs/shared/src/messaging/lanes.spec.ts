import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IncomingRecord } from './kafka-record.js';
import { workInLanes } from './lanes.js';

function recordsOf(keys: readonly (string | null)[], firstOffset = 0n): IncomingRecord[] {
  return keys.map((key, index) => ({
    topic: 't',
    partition: 0,
    offset: firstOffset + BigInt(index),
    key: key === null ? null : Buffer.from(key),
    value: null,
    headers: {},
    timestampMs: 0,
  }));
}

describe('lanes', () => {
  it('work records of one key in order and those of different keys at the same time', async () => {
    const begun: bigint[] = [];
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const worked = workInLanes(recordsOf(['a', 'b', 'a']), 8, async ({ offset }) => {
      begun.push(offset);
      if (offset === 1n) open();
      await gate;
      return 'done';
    });
    expect(await worked).toBe(3n);
    expect(begun).toEqual([0n, 1n, 2n]);
  });

  it('never work more records at once than the limit', async () => {
    let now = 0;
    let most = 0;
    await workInLanes(recordsOf([null, null, null, null, null]), 2, async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return 'done';
    });
    expect(most).toBe(2);
  });

  it('begin no further record after one that must come again', async () => {
    const begun: bigint[] = [];
    const next = await workInLanes(recordsOf(['a', 'a', 'b'], 40n), 1, ({ offset }) => {
      begun.push(offset);
      return Promise.resolve(offset === 40n ? 'again' : 'done');
    });
    expect(next).toBe(40n);
    expect(begun).toEqual([40n]);
  });

  it('never skip a record: all below the answer are done, the one at the answer is not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.option(fc.constantFrom('a', 'b', 'c')), fails: fc.boolean() }), { minLength: 1 }),
        fc.integer({ min: 1, max: 4 }),
        async (plan, limit) => {
          const done = new Set<bigint>();
          const next = await workInLanes(recordsOf(plan.map(({ key }) => key)), limit, async ({ offset }) => {
            await Promise.resolve();
            if (plan[Number(offset)]?.fails === true) return 'again';
            done.add(offset);
            return 'done';
          });
          for (let offset = 0n; offset < next; offset += 1n) expect(done.has(offset)).toBe(true);
          if (next < BigInt(plan.length)) expect(done.has(next)).toBe(false);
        },
      ),
    );
  });
});
