import { describe, expect, it } from '@jest/globals';
import { JoinedRuns } from './joined-runs.js';

/** Work that ends when it is told to, and answers its own number. */
function heldWork(): { readonly runs: JoinedRuns<number>; readonly end: () => void; readonly begun: () => number } {
  let begun = 0;
  let end: () => void = () => undefined;
  const runs = new JoinedRuns(() => {
    begun += 1;
    const mine = begun;
    return new Promise<number>((resolve) => (end = () => resolve(mine)));
  });
  return { runs, end: () => end(), begun: () => begun };
}

describe('joined runs', () => {
  it('give everybody who asks during a run the one after it', async () => {
    const { runs, end, begun } = heldWork();
    const first = runs.run();
    const later = [runs.run(), runs.run(), runs.run()];
    end();
    expect(await first).toBe(1);
    await Promise.resolve().then(() => undefined);
    while (begun() < 2) await Promise.resolve();
    end();
    expect(await Promise.all(later)).toEqual([2, 2, 2]);
    expect(runs.idle).toBe(true);
  });

  it('go on after a run that failed', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve('here')];
    const runs = new JoinedRuns(() => answers.shift() ?? Promise.resolve('unasked'));
    const [first, second] = [runs.run(), runs.run()];
    await expect(first).rejects.toThrow('away');
    expect(await second).toBe('here');
  });
});
