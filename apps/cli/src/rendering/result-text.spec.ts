import { describe, expect, it } from '@jest/globals';
import type { MigrationView } from '#shared/contracts/answers.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { resultRows } from './result-text.js';

function rows(kind: string, result: JsonObject, status: MigrationView['status'] = 'completed') {
  return resultRows({ kind, status, result } as unknown as MigrationView);
}

describe('a completed migration tells what was asked for', () => {
  it('a rehearsal: how long the application would be down', () => {
    const result = { rehearsal: true, predictedDowntimeMs: 9_000, assumptions: ['measured: 7000 ms'] };
    expect(rows('upgrade', { ...result, maxDowntimeMs: 60_000, withinMaxDowntime: true })).toEqual([
      ['Down', '~9.0 s, within the limit of 1 min 0 s'],
      ['', 'measured: 7000 ms'],
    ]);
    expect(rows('upgrade', { ...result, maxDowntimeMs: 5_000, withinMaxDowntime: false })[0]?.[1]).toMatch(/MORE THAN/);
    expect(rows('upgrade', result)[0]).toEqual(['Down', '~9.0 s']);
    const undisturbed = { rehearsal: true, predictedDowntimeMs: 0, assumptions: ['measured: 4000 ms on copies'] };
    expect(rows('apply', undisturbed)).toEqual([
      ['Down', 'never'],
      ['', 'measured: 4000 ms on copies'],
    ]);
  });

  it('a backup: its id, and whether it is proved', () => {
    const result = { backupId: '7d9f', status: 'verified', tier: 'daily', tables: 21, rows: '412000', planHash: 'ab' };
    expect(rows('backup', result)).toEqual([
      ['Backup', '7d9f'],
      ['State', 'verified'],
      ['Tier', 'daily'],
      ['Tables', '21'],
      ['Rows', '412000'],
    ]);
  });

  it('a retirement and a clean-up: what is gone; a validation: what it found', () => {
    expect(rows('retire', { retired: { server: 'pool-1', database: 'shop' } })).toEqual([['Gone', 'pool-1/shop']]);
    expect(rows('clean-up-backups', { removed: [] })).toEqual([['Gone', 'none']]);
    expect(rows('validate', { project: 'shop', passed: 3, failed: 0 })).toEqual([
      ['Passed', '3'],
      ['Failed', '0'],
    ]);
  });

  it('and says nothing of one that is not completed', () => {
    expect(rows('backup', { backupId: '7d9f' }, 'rolled-back')).toEqual([]);
  });
});
