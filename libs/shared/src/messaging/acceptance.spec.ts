import { describe, expect, it } from '@jest/globals';
import { BadRequestException } from '@nestjs/common';
import { RehomeError } from '../errors/rehome-error.js';
import { silentLogger } from '../observability/logger.js';
import { Acceptance, type AcceptanceParts, SUSPECT_ATTEMPTS } from './acceptance.js';
import type { BatchOutcome } from './batch-delivery.js';
import type { IncomingRecord } from './kafka-record.js';

const RECORD: IncomingRecord = {
  topic: 'rehome.requests.v1',
  partition: 3,
  offset: 42n,
  key: Buffer.from('k'),
  value: Buffer.from('{}'),
  headers: {},
  timestampMs: 0,
};

function given(parts: Partial<AcceptanceParts>): { told: string[]; aside: string[]; deliver(): Promise<BatchOutcome> } {
  const told: string[] = [];
  const aside: string[] = [];
  const acceptance = new Acceptance({
    handle: () => Promise.resolve('accepted'),
    onRejected: ({ failure }) => Promise.resolve(void told.push(failure.code)),
    putAside: (_record, failure) => Promise.resolve(void aside.push(failure.code)),
    logger: silentLogger(),
    ...parts,
  });
  return {
    told,
    aside,
    deliver: () => acceptance.acceptBatch({ topic: RECORD.topic, partition: 3, records: [RECORD] }),
  };
}

function failing(error: unknown, times = Infinity): () => Promise<'accepted'> {
  let failed = 0;
  return async () => {
    await Promise.resolve();
    if (failed++ < times) throw error;
    return 'accepted';
  };
}

function refusing(error: unknown, times = Infinity): () => Promise<void> {
  const fail = failing(error, times);
  return async () => {
    await fail();
  };
}

describe('acceptance', () => {
  it('goes on behind a record that was handled', async () => {
    expect(await given({}).deliver()).toEqual({ next: 43n });
  });

  it.each([
    ['an error that rejects', new RehomeError('REQUEST_INVALID', 'no'), 'REQUEST_INVALID'],
    ['an error that abandons', new RehomeError('EVENT_INVALID', 'too large'), 'EVENT_INVALID'],
    ['a failed ValidationPipe', new BadRequestException(['kind must be a string']), 'REQUEST_INVALID'],
  ])('puts a record aside for %s and goes on', async (_what, error, code) => {
    const { told, aside, deliver } = given({ handle: failing(error) });
    expect(await deliver()).toEqual({ next: 43n });
    expect([told, aside]).toEqual([[code], [code]]);
  });

  it.each([
    ['an error that retries', new RehomeError('LEDGER_UNAVAILABLE', 'down')],
    ['an error that halts', new RehomeError('LEDGER_BROKEN', 'chain')],
    ["Nest's anonymous error", { status: 'error', message: 'Internal server error' }],
  ])('lets a record wait for ever after %s, with growing pauses, and never drops it', async (_what, error) => {
    const { aside, deliver } = given({ handle: failing(error, 9) });
    const pauses: (number | undefined)[] = [];
    for (let delivery = 0; delivery < 9; delivery += 1) {
      const { next, pauseMs } = await deliver();
      expect(next).toBe(42n);
      pauses.push(pauseMs);
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
    expect(await deliver()).toEqual({ next: 43n });
    expect(aside).toEqual([]);
  });

  it('retries a bug in a handler a bounded number of times, then puts the record aside without its message', async () => {
    const { told, aside, deliver } = given({ handle: failing(new TypeError('secret of undefined')) });
    for (let delivery = 1; delivery < SUSPECT_ATTEMPTS; delivery += 1) expect((await deliver()).next).toBe(42n);
    expect(await deliver()).toEqual({ next: 43n });
    expect([told, aside]).toEqual([['INTERNAL'], ['INTERNAL']]);
  });

  it('forgives a bug that goes away: the record is handled', async () => {
    const { aside, deliver } = given({ handle: failing(new TypeError('once'), 2) });
    await deliver();
    await deliver();
    expect(await deliver()).toEqual({ next: 43n });
    expect(aside).toEqual([]);
  });

  it('lets a rejected record wait until its rejection can be recorded', async () => {
    const onRejected = refusing(new RehomeError('LEDGER_UNAVAILABLE', 'down'), 1);
    const { aside, deliver } = given({ handle: failing(new RehomeError('REQUEST_INVALID', 'no')), onRejected });
    expect(await deliver()).toEqual({ next: 42n, pauseMs: 100 });
    expect(aside).toEqual([]);
    expect(await deliver()).toEqual({ next: 43n });
    expect(aside).toEqual(['REQUEST_INVALID']);
  });

  it('lets a rejected record wait until the dead letter topic takes it', async () => {
    const putAside = refusing(new RehomeError('KAFKA_UNAVAILABLE', 'down'), 1);
    const { deliver } = given({ handle: failing(new RehomeError('REQUEST_INVALID', 'no')), putAside });
    expect(await deliver()).toEqual({ next: 42n, pauseMs: 100 });
    expect(await deliver()).toEqual({ next: 43n });
  });

  it('puts a record aside even if the ledger refuses its rejection', async () => {
    const onRejected = refusing(new RehomeError('EVENT_INVALID', 'no'));
    const { aside, deliver } = given({ handle: failing(new RehomeError('REQUEST_INVALID', 'no')), onRejected });
    expect(await deliver()).toEqual({ next: 43n });
    expect(aside).toEqual(['REQUEST_INVALID']);
  });

  it('says for metrics what became of each record', async () => {
    const seen: string[] = [];
    const { deliver } = given({
      handle: failing(new RehomeError('LEDGER_UNAVAILABLE', 'down'), 1),
      observe: ({ outcome, reason }) => seen.push(`${outcome} ${reason ?? ''}`.trim()),
    });
    await deliver();
    await deliver();
    expect(seen).toEqual(['again LEDGER_UNAVAILABLE', 'accepted']);
  });
});
