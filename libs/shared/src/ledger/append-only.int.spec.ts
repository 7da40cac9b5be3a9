import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { toPosition } from '../contracts/ids.js';
import {
  anEvent,
  createTestLedger,
  newMigrationId,
  onMigration,
  type TestLedger,
} from '../../../../test/harness/ledger.js';
import { verifyLedger } from './verify.js';

let ledger: TestLedger;

beforeAll(async () => {
  ledger = await createTestLedger();
  const id = newMigrationId();
  for (let version = 0; version < 10; version += 2) {
    await ledger.planner.writer.append(onMigration(id, version, [anEvent(id), anEvent(id)]));
  }
});

afterAll(async () => {
  await ledger.close();
});

function logins(): readonly string[] {
  return [ledger.urls.plannerUrl, ledger.urls.executorUrl, ledger.urls.analystUrl];
}

const CHANGES = [
  `update ledger.event set data = '{}' where position = 3`,
  'delete from ledger.event where position = 3',
  'truncate ledger.event',
];

/** What an administrator can do who switches triggers off; undone by the second statement. */
async function edited(edit: string, check: () => Promise<void>): Promise<void> {
  const backup = `backup_${randomUUID().replaceAll('-', '')}`;
  const columns = `position, stream_id, stream_version, event_id, type, schema_version, recorded_at, data, metadata, prev_hash, hash`;
  await ledger.query(
    `create table ${backup} as select * from ledger.event; create table ${backup}_head as select * from ledger.head`,
  );
  await ledger.query(`set session_replication_role = replica; ${edit}`);
  try {
    await check();
  } finally {
    await ledger.query(`
      set session_replication_role = replica;
      delete from ledger.event;
      insert into ledger.event (${columns}) select ${columns} from ${backup};
      delete from ledger.head;
      insert into ledger.head select * from ${backup}_head`);
  }
}

describe('the ledger is append only', () => {
  test.each(CHANGES)('by rights: no service may "%s"', async (change) => {
    for (const url of logins()) {
      await expect(ledger.query(`set transaction_read_only = off; ${change}`, [], url)).rejects.toMatchObject({
        code: '42501',
      });
    }
  });

  test('by rights: nobody inserts but through the function, or moves the head', async () => {
    const insert = `insert into ledger.event (position, stream_id, stream_version, event_id, type, schema_version, recorded_at,
      data, metadata, prev_hash, hash) values (99, 'step-x', 1, gen_random_uuid(), 'X', 1, now(), '{}', '{}', '', '')`;
    for (const change of [insert, 'update ledger.head set position = 0', 'update ledger.cursor set position = 0']) {
      for (const url of logins()) {
        await expect(ledger.query(`set transaction_read_only = off; ${change}`, [], url)).rejects.toMatchObject({
          code: '42501',
        });
      }
    }
  });

  test.each(CHANGES)('by triggers: not even its owner may "%s"', async (change) => {
    const asOwner = `set role rehome_owner; ${change}`;
    await expect(ledger.query(asOwner)).rejects.toMatchObject({ code: '23001' });
    await expect(ledger.query(change)).rejects.toMatchObject({ code: '23001' });
  });
});

describe('verification', () => {
  test('names the range and the head of an untouched ledger', async () => {
    const { reader } = ledger.planner;
    const head = await reader.head();
    const headFacts = { headPosition: '10', headHash: head.hash };
    expect(await verifyLedger(reader)).toEqual({ verified: true, from: '1', to: '10', ...headFacts });
    expect(await verifyLedger(reader, { from: toPosition(4), to: toPosition(7) })).toEqual({
      verified: true,
      from: '4',
      to: '7',
      ...headFacts,
    });
    expect(await verifyLedger(reader, { to: toPosition(99) })).toMatchObject({ verified: true, to: '10' });
  });

  test.each([
    ['data', `update ledger.event set data = '{"reason":"rewritten"}' where position = 6`, '6', 'content'],
    ['a space in data', `update ledger.event set data = (data::text || ' ')::json where position = 6`, '6', 'content'],
    ['metadata', `update ledger.event set metadata = '{"actor":"key:other"}' where position = 6`, '6', 'content'],
    [
      'time',
      `update ledger.event set recorded_at = recorded_at - interval '1 microsecond' where position = 6`,
      '6',
      'content',
    ],
    ['type', `update ledger.event set type = 'MigrationResumed' where position = 6`, '6', 'content'],
    ['hash', `update ledger.event set hash = sha256('x') where position = 6`, '6', 'content'],
    ['a deleted event', 'delete from ledger.event where position = 6', '6', 'gap'],
    ['a deleted tail', 'delete from ledger.event where position > 8', '9', 'gap'],
    ['the head', `update ledger.head set hash = sha256('x')`, '10', 'head'],
  ])('finds what an administrator changed: %s', async (_what, edit, brokenAt, because) => {
    await edited(edit, async () => {
      expect(await verifyLedger(ledger.planner.reader)).toMatchObject({ verified: false, brokenAt, because });
    });
    expect(await verifyLedger(ledger.planner.reader)).toMatchObject({ verified: true });
  });

  test('does not look outside the range it is asked for', async () => {
    await edited(CHANGES[0] ?? '', async () => {
      const range = { from: toPosition(4) };
      expect(await verifyLedger(ledger.planner.reader, range)).toMatchObject({ verified: true, from: '4' });
    });
  });
});
