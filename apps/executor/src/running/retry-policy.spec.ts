import { describe, expect, it } from '@jest/globals';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { decideRetry } from './retry-policy.js';

const unreachable = new RehomeError('POSTGRES_UNREACHABLE', 'no answer');

describe('retry', () => {
  it('doubles the delay with each attempt and keeps it between half and full', () => {
    const delays = [1, 2, 3, 4].map((attempt) =>
      [0, 1].map((chance) => decideRetry(unreachable, attempt, 1e9, chance)),
    );
    expect(delays).toEqual([
      [
        { retry: true, afterMs: 250 },
        { retry: true, afterMs: 500 },
      ],
      [
        { retry: true, afterMs: 500 },
        { retry: true, afterMs: 1_000 },
      ],
      [
        { retry: true, afterMs: 1_000 },
        { retry: true, afterMs: 2_000 },
      ],
      [
        { retry: true, afterMs: 2_000 },
        { retry: true, afterMs: 4_000 },
      ],
    ]);
  });

  it('never waits longer than the greatest delay', () => {
    expect(decideRetry(unreachable, 5_000, 1e9, 1)).toEqual({ retry: true, afterMs: 60_000 });
  });

  it('gives up when the next attempt would begin after the deadline', () => {
    expect(decideRetry(unreachable, 1, 400, 1)).toEqual({ retry: false });
  });

  it('asks a provisioner seven times at most, however far the deadline is [c8]', () => {
    const down = new RehomeError('PROVISIONER_UNAVAILABLE', 'no answer');
    expect(decideRetry(down, 6, 1e9, 1)).toMatchObject({ retry: true });
    expect(decideRetry(down, 7, 1e9, 1)).toEqual({ retry: false });
  });

  it('does not repeat what another attempt cannot mend', () => {
    expect(decideRetry(new RehomeError('VERIFICATION_FAILED', '3 rows differ'), 1, 1e9, 0)).toEqual({ retry: false });
  });
});
