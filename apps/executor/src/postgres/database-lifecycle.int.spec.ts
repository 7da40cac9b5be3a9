import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { runPostgresUrl } from '../../../../test/harness/run-addresses.js';
import { addressOf, NEVER, open, run } from '../../../../test/harness/moved-database.js';
import {
  createWorkingDatabase,
  databaseAccessStatements,
  databaseState,
  dropOwnDatabase,
  markDatabase,
  renameDatabase,
  retiredName,
  unmarkDatabase,
  workingName,
} from './database-lifecycle.js';
import { runTexts } from './run-texts.js';
import type { Session } from './session.js';

const MIGRATION = '11111111-2222-3333-4444-555555555555';
const OTHER = '99999999-2222-3333-4444-555555555555';
const LIKE = { role: 'postgres', encoding: 'UTF8', collate: 'C', ctype: 'C', localeProvider: 'c' };

describe('a working database', () => {
  const admin = addressOf(runPostgresUrl());
  const name = `work "ü" ${randomBytes(4).toString('hex')}`;
  let session: Session;

  beforeAll(async () => {
    session = await open(admin);
  });

  afterAll(async () => {
    for (const each of [name, `${name} final`])
      await session.query(`drop database if exists ${quoteIdentifier(each)} with (force)`);
    await session.end();
  });

  test('is marked as its migration’s and lets only the administrator in', async () => {
    await createWorkingDatabase(session, LIKE, { name, migrationId: MIGRATION });
    expect(await databaseState(session, name)).toMatchObject({ exists: true, migrationId: MIGRATION, sessions: 0 });
    const { rows } = await session.query<{ limit: number; encoding: string }>(
      `select datconnlimit as limit, pg_encoding_to_char(encoding) as encoding from pg_database where datname = $1`,
      [name],
    );
    expect(rows).toEqual([{ limit: 0, encoding: 'UTF8' }]);
  });

  test('is neither adopted nor dropped by another migration, nor is one without a mark', async () => {
    const another = createWorkingDatabase(session, LIKE, { name, migrationId: OTHER });
    await expect(another).rejects.toMatchObject({ code: 'TARGET_NOT_OURS' });
    await expect(dropOwnDatabase(session, name, OTHER)).rejects.toThrow(`belongs to migration ${MIGRATION}`);
    await expect(dropOwnDatabase(session, 'template1', MIGRATION)).rejects.toThrow('carries no mark of Rehome');
    await dropOwnDatabase(session, 'there is none', MIGRATION);
  });

  test('keeps its own comment behind the mark', async () => {
    await markDatabase(session, name, MIGRATION, `it's\nours`);
    expect(await databaseState(session, name)).toMatchObject({ migrationId: MIGRATION, comment: `it's\nours` });
    await unmarkDatabase(session, name);
    expect((await databaseState(session, name)).migrationId).toBeUndefined();
    expect((await databaseState(session, name)).comment).toBe(`it's\nours`);
    await markDatabase(session, name, MIGRATION);
    expect(await databaseState(session, name)).toMatchObject({ migrationId: MIGRATION, comment: `it's\nours` });
  });

  test('is renamed although somebody is in it, and never over another', async () => {
    const inside = await open({ ...admin, database: name });
    await expect(renameDatabase(session, { from: name, to: 'postgres', signal: NEVER })).rejects.toMatchObject({
      code: 'TARGET_NOT_OURS',
    });
    await renameDatabase(session, { from: name, to: `${name} final`, signal: NEVER });
    await expect(inside.query('select 1')).rejects.toThrow();
    expect(await databaseState(session, name)).toEqual({ exists: false, sessions: 0 });
    expect(await databaseState(session, `${name} final`)).toMatchObject({ exists: true, migrationId: MIGRATION });
    await renameDatabase(session, { from: `${name} final`, to: name, signal: NEVER });
  });

  test('gets owner, grants and connection limit of the source, once', async () => {
    const acl = [
      { grantee: '', grantor: 'postgres', privileges: ['T'] },
      { grantee: 'postgres', grantor: 'postgres', privileges: ['C', 'T', 'c'] },
    ];
    const wanted = { owner: 'postgres', acl, connectionLimit: 12 };
    await runTexts(session, await databaseAccessStatements(session, name, wanted), NEVER);
    expect(await databaseAccessStatements(session, name, wanted)).toEqual([]);
    const { rows } = await run(
      admin,
      `select datacl::text as acl, datconnlimit as limit from pg_database where datname = '${name.replaceAll("'", "''")}'`,
    );
    expect(rows).toEqual([{ acl: '{=T/postgres,postgres=CTc/postgres}', limit: 12 }]);
  });

  test('is dropped by its own migration, sessions and all', async () => {
    const inside = await open({ ...admin, database: name });
    await dropOwnDatabase(session, name, MIGRATION);
    await expect(inside.query('select 1')).rejects.toThrow();
    expect((await databaseState(session, name)).exists).toBe(false);
  });
});

describe('names of working and retired databases', () => {
  test('fit into 63 bytes and tell two runs and two fences apart', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(10_000), (name, fence) => {
        const names = [
          workingName(name, { digits: '1a2b3c4d', fence }),
          workingName(name, { digits: '1a2b3c4d', fence: fence + 1 }),
          workingName(name, { digits: 'ffffffff', fence }),
          retiredName(name, '1a2b3c4d'),
        ];
        for (const each of names) expect(Buffer.byteLength(each)).toBeLessThanOrEqual(63);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});
