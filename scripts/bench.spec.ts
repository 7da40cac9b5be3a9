import { describe, expect, test } from '@jest/globals';
import { figureLine, judge, median, percentile, type Figure } from '../bench/benchmark.js';

const figure: Figure = {
  of: '64 callers',
  unit: 'items/s',
  ours: [900, 1_000, 5_000],
  peers: { Emmett: [100, 200, 300] },
  goal: { peer: 'Emmett', atLeast: 5 },
};

describe('a benchmark', () => {
  test('takes the median of its rounds, so that one lucky or unlucky round says nothing', () => {
    expect(median([3, 100, 1])).toBe(3);
    expect(median([1, 2, 3, 4])).toBe(2.5);
  });

  test('takes percentiles between the values', () => {
    expect(percentile([1, 2, 3, 4, 5], 0.99)).toBeCloseTo(4.96);
  });

  test('meets a goal by the ratio of medians, at least or at most, or by its own median', () => {
    expect(judge(figure)).toEqual({ value: 5, met: true });
    expect(judge({ ...figure, goal: { peer: 'Emmett', atMost: 0.5 } })).toEqual({ value: 5, met: false });
    expect(judge({ ...figure, peers: {}, goal: { atMost: 1_000 } })).toEqual({ value: 1_000, met: true });
    expect(judge({ ...figure, peers: {}, goal: { peer: 'Emmett', atLeast: 0 } })?.met).toBe(false);
  });

  test('shows values, spread, ratio and goal in one line', () => {
    expect(figureLine(figure)).toBe(
      '  64 callers         ours 1,000 (900–5,000) items/s   Emmett 200 (100–300)  ratio 5.00   goal ≥ 5 × Emmett: met',
    );
  });
});
