import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BACKUP_STATUSES, BACKUP_TIERS } from '#shared/contracts/backups.js';
import type { BackupEntry } from './backup-list.js';
import { expendable } from './clean-up.js';

function backup(backupId: string, more: Partial<BackupEntry> = {}): BackupEntry {
  return {
    ...{ backupId, migrationId: null, label: 'daily', tier: 'daily', server: 'main', database: 'core_db' },
    ...{ schemas: null, site: 'default', path: '', compression: 'gzip', bytes: '1', manifestHash: '' },
    ...{ status: 'recorded', damage: null, proof: null, createdAt: `2026-11-${backupId}`, verifiedAt: null },
    expiresAt: null,
    ...more,
  };
}

const usual = { manual: 10, daily: 2, weekly: 5, monthly: 12 };

const idsOf = (backups: readonly BackupEntry[]): string[] => backups.map(({ backupId }) => backupId);

describe('a clean-up', () => {
  test('removes all but the newest of a tier, of each database by itself [d21]', () => {
    const all = [backup('01'), backup('02'), backup('03'), backup('04', { database: 'other' })];
    expect(idsOf(expendable(all, { usual, keep: { daily: 2 } }))).toEqual(['01']);
  });

  test('leaves as many as is configured where it does not say', () => {
    const all = [backup('01'), backup('02'), backup('03')];
    expect(idsOf(expendable(all, { usual, keep: {} }))).toEqual(['01']);
    expect(idsOf(expendable(all, { usual, keep: { daily: 3 } }))).toEqual([]);
  });

  test('leaves other tiers alone when it is asked for one', () => {
    const all = [backup('01'), backup('02', { tier: 'weekly' }), backup('03', { tier: 'weekly' })];
    expect(idsOf(expendable(all, { usual, keep: { daily: 0, weekly: 1 }, tier: 'weekly' }))).toEqual(['02']);
  });

  test('counts no damaged one as kept', () => {
    const all = [backup('01'), backup('02', { status: 'damaged' }), backup('03')];
    expect(idsOf(expendable(all, { usual, keep: { daily: 2 } }))).toEqual([]);
  });

  test('never removes what a move made on its way', () => {
    expect(expendable([backup('01', { tier: null })], { usual, keep: { daily: 0, manual: 0 } })).toEqual([]);
  });

  test('lets neither an export of schemas nor what a move made stand for the database', () => {
    const sound = { status: 'verified' } as const;
    const all = [
      backup('01', sound),
      backup('02', { ...sound, schemas: ['core'] }),
      backup('03', { ...sound, tier: null, expiresAt: '2026-12-01' }),
    ];
    expect(idsOf(expendable(all, { usual, keep: { daily: 0 } }))).toEqual(['02']);
  });

  test('counts exports of the same schemas apart from the whole database', () => {
    const exported = { schemas: ['b', 'a'] };
    const all = [backup('01'), backup('02', exported), backup('03', { schemas: ['a', 'b'] })];
    expect(idsOf(expendable(all, { usual, keep: { daily: 1 } }))).toEqual(['02']);
  });

  test('never removes the last verified one of a database, however few are to stay', () => {
    const entry = fc.record({
      day: fc.integer({ min: 1, max: 28 }),
      status: fc.constantFrom(...BACKUP_STATUSES),
      tier: fc.constantFrom(...BACKUP_TIERS, null),
      database: fc.constantFrom('a', 'b'),
      schemas: fc.constantFrom(null, ['core']),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), fc.integer({ min: 0, max: 3 }), (entries, limit) => {
        const all = entries.map(({ day, ...rest }, index) =>
          backup(String(index), { ...rest, createdAt: `2026-11-${String(day).padStart(2, '0')}.${String(index)}` }),
        );
        const keep = { manual: limit, daily: limit, weekly: limit, monthly: limit };
        const gone = new Set(idsOf(expendable(all, { usual, keep })));
        for (const database of ['a', 'b']) {
          const whole = all.filter((one) => one.database === database && one.schemas === null);
          const verified = whole.filter(({ status }) => status === 'verified');
          if (verified.length > 0) expect(verified.some(({ backupId }) => !gone.has(backupId))).toBe(true);
        }
      }),
    );
  });
});
