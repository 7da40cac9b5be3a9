import { describe, expect, it } from '@jest/globals';
import { failuresOf, type QuickstartReport } from './report.js';

const good: Omit<QuickstartReport, 'failures'> = {
  status: 'completed',
  migrationId: 'm',
  downtimeMs: 2100,
  steps: [],
  verification: { tables: 21, rows: 412_000, mismatches: 0 },
  connections: { old: 0, new: 3 },
  neighbour: { writes: 400, errors: 0 },
  ledger: { events: 60, verified: true, headHash: 'ab' },
  kafka: { events: 60, gaps: 0 },
};

describe('the report of the quickstart', () => {
  it('finds nothing wrong when everything held', () => {
    expect(failuresOf(good)).toEqual([]);
  });

  it.each([
    ['a migration that was taken back', { status: 'rolled-back' }],
    ['a verification that compared nothing', { verification: { tables: 0, rows: 0, mismatches: 0 } }],
    ['a mismatch', { verification: { tables: 21, rows: 5, mismatches: 1 } }],
    ['a session left at the old server', { connections: { old: 1, new: 3 } }],
    ['an application that did not connect', { connections: { old: 0, new: 0 } }],
    ['a neighbour that was disturbed', { neighbour: { writes: 400, errors: 1 } }],
    ['a broken chain', { ledger: { events: 60, verified: false, headHash: 'ab' } }],
    ['an event that is missing in Kafka', { kafka: { events: 59, gaps: 1 } }],
  ] as const)('fails on %s', (_what, change) => {
    expect(failuresOf({ ...good, ...change })).not.toEqual([]);
  });
});
