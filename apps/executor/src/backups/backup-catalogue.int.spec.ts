import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestLedger, type TestLedger } from '../../../../test/harness/ledger.js';
import { BackupCatalogue, type NewBackup } from './backup-catalogue.js';

const PROOF = {
  method: 'scratch-restore',
  migrationId: '0190a5a0-0000-7000-8000-000000000001',
  tables: 3,
  rows: '12',
  contentDigest: 'c'.repeat(64),
  structureDigest: 's'.repeat(64),
} as const;

let ledger: TestLedger;
let catalogue: BackupCatalogue;

beforeAll(async () => {
  ledger = await createTestLedger();
  catalogue = new BackupCatalogue(ledger.executor.pools.reads, 60_000);
});

afterAll(async () => {
  await ledger.close();
});

function backupOf(more: Partial<NewBackup> = {}): NewBackup {
  return {
    backupId: randomUUID(),
    migrationId: randomUUID(),
    stepId: 'dump-database',
    label: 'manual',
    server: 'main',
    database: 'core_db',
    site: 'default',
    path: '/srv/backups/x',
    bytes: '10',
    manifestSha256: 'm'.repeat(64),
    manifest: { files: [] },
    ...more,
  };
}

test('a backup is recorded until a restore of it has agreed with what it holds', async () => {
  const backup = backupOf({ tier: 'daily', schemas: ['core schema'], compression: 'gzip' });
  await catalogue.record(backup);
  expect(await catalogue.get(backup.backupId)).toMatchObject({ ...backup, status: 'recorded' });
  await catalogue.markVerified(backup.backupId, PROOF);
  const verified = await catalogue.get(backup.backupId);
  expect(verified.status).toBe('verified');
  expect(verified.verifiedAt).toBeInstanceOf(Date);
});

test('a damaged backup stays damaged until it is proved anew', async () => {
  const { backupId, ...rest } = backupOf();
  await catalogue.record({ backupId, ...rest });
  await catalogue.markVerified(backupId, PROOF);
  await catalogue.markDamaged(backupId, 'dump/toc.dat is gone');
  expect(await catalogue.get(backupId)).toMatchObject({ status: 'damaged', damage: 'dump/toc.dat is gone' });
  await catalogue.markVerified(backupId, PROOF);
  expect((await catalogue.get(backupId)).status).toBe('verified');
});

test('neither an export of schemas nor what a move made stands for the whole database', async () => {
  const place = { server: 'main', database: 'stands_for' };
  const all = [
    backupOf({ ...place, tier: 'daily' }),
    backupOf({ ...place, tier: 'daily', schemas: ['a'] }),
    backupOf(place),
  ];
  for (const backup of all) {
    await catalogue.record(backup);
    await catalogue.markVerified(backup.backupId, PROOF);
  }
  expect(await catalogue.verifiedOf(place)).toBe(1);
});

test('a backup that nobody holds cannot be proved', async () => {
  await expect(catalogue.markVerified(randomUUID(), PROOF)).rejects.toMatchObject({ code: 'BACKUP_UNKNOWN' });
});

test('the backup of a move has its time, one of a tier stays until it is cleaned up', async () => {
  const [moves, daily] = [backupOf(), backupOf({ tier: 'daily' })];
  await catalogue.record(moves);
  await catalogue.record(daily);
  const rows = await ledger.query<{ backup_id: string; expires: boolean }>(
    `select backup_id, expires_at is not null as expires from executor.backup where backup_id = any ($1)`,
    [[moves.backupId, daily.backupId]],
  );
  const expires = new Map(rows.map((row) => [row.backup_id, row.expires]));
  expect([expires.get(moves.backupId), expires.get(daily.backupId)]).toEqual([true, false]);
});

test('the backup of a move stays for good once it is all that is left', async () => {
  const expired = new BackupCatalogue(ledger.executor.pools.reads, -1);
  const [left, other] = [backupOf({ site: 'left' }), backupOf({ site: 'left' })];
  await expired.record(left);
  await expired.record(other);
  await catalogue.keepForGood(left.backupId);
  expect((await catalogue.expired('left')).map(({ backupId }) => backupId)).toEqual([other.backupId]);
  await catalogue.markDeleted(other.backupId);
  await expect(catalogue.keepForGood(other.backupId)).rejects.toMatchObject({ code: 'BACKUP_UNKNOWN' });
});
