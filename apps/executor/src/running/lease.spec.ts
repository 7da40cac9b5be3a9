import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { Lease, type LeaseAnswer } from './lease.js';

const TIMES = { ttlMs: 1_000, beatMs: 100 };
const HELD: LeaseAnswer = { held: true, cancelRequested: false };
const unreachable = new RehomeError('LEDGER_UNAVAILABLE', 'no answer');

let answer: () => Promise<LeaseAnswer>;
let lease: Lease;

function reasonOf(signal: AbortSignal): unknown {
  return signal.reason instanceof RehomeError ? signal.reason.code : signal.reason;
}

beforeEach(() => {
  jest.useFakeTimers();
  answer = () => Promise.resolve(HELD);
  lease = new Lease(() => answer(), TIMES, performance.now());
});

afterEach(() => {
  lease.close();
  jest.useRealTimers();
});

describe('the lease of an attempt', () => {
  it('holds as long as its beats are answered', async () => {
    await jest.advanceTimersByTimeAsync(10_000);
    expect(lease.signal.aborted).toBe(false);
  });

  it('aborts at once when the row is no longer ours', async () => {
    answer = () => Promise.resolve({ held: false });
    await jest.advanceTimersByTimeAsync(100);
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
  });

  it('aborts before anybody else may claim when no beat is answered', async () => {
    answer = () => Promise.reject(unreachable);
    await jest.advanceTimersByTimeAsync(799);
    expect(lease.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(2);
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
  });

  it('counts from when the beat was sent, not from its answer', async () => {
    // Sent at 100, answered at 850; the row then ends at 1 100 and not at 1 850.
    answer = () =>
      new Promise((resolve) =>
        setTimeout(() => {
          resolve(HELD);
        }, 750),
      );
    await jest.advanceTimersByTimeAsync(799);
    expect(lease.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(2);
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
  });

  it('aborts by a cancel that a beat brings, and goes on beating to the safe point', async () => {
    answer = () => Promise.resolve({ held: true, cancelRequested: true });
    await jest.advanceTimersByTimeAsync(5_000);
    expect(reasonOf(lease.signal)).toBe('STEP_CANCELLED');
  });

  it('keeps no listener of the checks that are over: a long step makes thousands', async () => {
    for (let check = 0; check < 20; check += 1) await lease.check();
    expect(getEventListeners(lease.signal, 'abort')).toEqual([]);
  });

  it('refuses an effect once it is lost', async () => {
    answer = () => Promise.resolve({ held: false });
    await expect(lease.check()).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  it('allows an effect without an answer while the last one still counts', async () => {
    answer = () => Promise.reject(unreachable);
    await expect(lease.check()).resolves.toBeUndefined();
  });

  it('does not wait for an answer longer than it lasts', async () => {
    answer = () => new Promise(() => undefined);
    const refused = expect(lease.check()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await jest.advanceTimersByTimeAsync(1_000);
    await refused;
  });
});
