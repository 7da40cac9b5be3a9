import { describe, expect, it } from '@jest/globals';
import { historyOf } from './project-history.js';

const MIGRATION = { app: 'main', version: '0002', name: 'items' };

function reverting(progress: object) {
  const key = { migrationId: 'm-1', stepId: 'revert-migration', direction: 'run', generation: 1 };
  const params = { migration: MIGRATION, revertedBy: 'key:dba' };
  const at = { commandedAt: '2026-11-21T09:00:00.000Z', finishedAt: '2026-11-21T09:00:01.000Z' };
  const run = { key, kind: 'revert-migration', params, ...at, progress };
  return historyOf({ runs: [run], planned: { plan: { outcome: { alias: 'main' } } } } as never);
}

describe('the history of a project', () => {
  it('tells of a version that was taken back, and of one that could not be, and why [d28] [d30]', () => {
    const of = { ...MIGRATION, database: 'main', appliedBy: 'key:dba', appliedAt: '2026-11-21T09:00:01.000Z' };
    const done = { status: 'succeeded', result: { executionTimeMs: 12 } };
    expect(reverting(done)).toEqual([{ ...of, status: 'rolled_back', executionTimeMs: 12, migrationId: 'm-1' }]);
    const failure = { code: 'MIGRATION_FAILED', detail: 'down.sql:1 division by zero' };
    expect(reverting({ status: 'failed', failure })).toEqual([
      { ...of, status: 'failed', executionTimeMs: null, migrationId: 'm-1', detail: failure.detail },
    ]);
    expect(reverting({ status: 'cancelled', reason: 'asked' })).toEqual([]);
  });
});
