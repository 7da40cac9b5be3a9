import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/database.js';
import { addressOf, NEVER, open, run } from '../../../../test/harness/moved-database.js';
import { findOrphans, terminateOrphans } from './orphans.js';
import { openSession, withSession, type Session, type SessionAddress } from './session.js';

describe('a session of the executor', () => {
  let database: TestDatabase;
  let address: SessionAddress;

  beforeAll(async () => {
    database = await createTestDatabase();
    address = addressOf(database.url);
    const name = quoteIdentifier(database.name);
    await run(
      address,
      `alter database ${name} set timezone = 'Asia/Tokyo'; alter database ${name} set statement_timeout = '1ms';
       alter database ${name} set default_transaction_read_only = on; alter database ${name} set search_path = public`,
    );
  });

  afterAll(() => database.drop());

  test('keeps its own settings, whatever the database is set to', async () => {
    const session = await open(address);
    const { rows } = await session.query(
      `select current_setting('TimeZone') as zone, current_setting('statement_timeout') as timeout, current_setting('row_security') as policies,
         current_setting('search_path') as path, current_setting('default_transaction_read_only') as reading, current_setting('lock_timeout') as lock`,
    );
    await session.end();
    expect(rows).toEqual([{ zone: 'UTC', timeout: '0', policies: 'off', path: '', reading: 'off', lock: '10s' }]);
  });

  test('that cannot be opened says where and why, never the password', async () => {
    const options = { applicationName: 'rehome:00000000:1', signal: NEVER, connectTimeoutMs: 2_000 };
    const wrong = openSession({ ...address, password: 'canary-password' }, options);
    await expect(wrong).rejects.toMatchObject({ code: 'POSTGRES_AUTHENTICATION_FAILED', sqlState: '28P01' });
    await expect(wrong).rejects.not.toThrow('canary-password');
    const nobody = openSession({ ...address, port: 1 }, options);
    await expect(nobody).rejects.toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
    await expect(nobody).rejects.toThrow(/cannot open a session at 127\.0\.0\.1:1 as postgres/);
  });

  test('ends at once when its signal is aborted, also in the middle of a statement', async () => {
    const abort = new AbortController();
    const work = withSession(
      address,
      { applicationName: 'rehome:00000000:1', signal: abort.signal },
      async (session) => {
        const sleeping = session.query('select pg_sleep(1000)');
        abort.abort(new Error('lease lost'));
        await sleeping;
      },
    );
    await expect(work).rejects.toThrow('lease lost');
  });

  test('waits no longer for a lock than it was told', async () => {
    const holder = await open(address);
    await holder.query('begin; create table public.held (at int); lock table public.held');
    await holder.query('commit; begin; lock table public.held');
    const work = withSession(
      address,
      { applicationName: 'rehome:00000000:1', signal: NEVER, lockTimeoutMs: 50 },
      (session) => session.query('select from public.held'),
    );
    await expect(work).rejects.toMatchObject({ code: 'POSTGRES_TRANSIENT', sqlState: '55P03' });
    await holder.end();
  });

  test('of an older fence of the same run is found and ended, any other is left', async () => {
    const digits = randomBytes(4).toString('hex');
    const sessions = await openNamed([
      `rehome:${digits}:1`,
      `rehome:${digits}:2`,
      `rehome:${digits}:3`,
      'rehome:ffffffff:1',
      'an application',
    ]);
    const [first, second, own, otherRun, application] = sessions;
    const owner = { digits, fence: 3 };
    expect((await findOrphans(own, owner)).map(({ fence }) => fence).sort()).toEqual([1, 2]);
    expect(await terminateOrphans(own, owner, { signal: NEVER, timeoutMs: 5_000 })).toBe(2);
    expect(await findOrphans(own, owner)).toEqual([]);
    for (const ended of [first, second]) await expect(ended.query('select 1')).rejects.toThrow();
    for (const left of [otherRun, application]) await left.query('select 1');
    await Promise.all(sessions.map((session) => session.end().catch(() => undefined)));
  });

  async function openNamed<const T extends readonly string[]>(
    names: T,
  ): Promise<{ -readonly [K in keyof T]: Session }> {
    const sessions: Session[] = [];
    for (const name of names) sessions.push(await open(address, name));
    return sessions as { -readonly [K in keyof T]: Session };
  }
});
