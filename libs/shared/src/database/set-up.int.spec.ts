import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createTestDatabase } from '../../../../test/harness/database.js';
import {
  createTestLedger,
  newMigrationId,
  onMigration,
  openService,
  closeService,
  TEST_PASSWORDS,
  type TestLedger,
} from '../../../../test/harness/ledger.js';
import { runPostgresUrl } from '../../../../test/harness/run-addresses.js';
import { scramVerifier } from './scram-verifier.js';
import { setUpLedger } from './set-up.js';

let ledger: TestLedger;

beforeAll(async () => {
  ledger = await createTestLedger();
});

afterAll(async () => {
  await ledger.close();
});

describe('setting up the ledger', () => {
  test('can be repeated, and by several at once, without touching what is there', async () => {
    await ledger.planner.writer.append(onMigration(newMigrationId(), 0));
    const before = await ledger.planner.reader.head();
    const again = { adminUrl: runPostgresUrl(), database: ledger.database, passwords: TEST_PASSWORDS };
    const urls = await Promise.all([setUpLedger(again), setUpLedger(again), setUpLedger(again)]);
    expect(urls[2]).toEqual(ledger.urls);
    expect(await ledger.planner.reader.head()).toEqual(before);
  });

  test('leaves the passwords of logins alone when it is asked to', async () => {
    const passwords = { planner: 'another', executor: 'another', analyst: 'another' };
    const again = { adminUrl: runPostgresUrl(), database: ledger.database, passwords, keepPasswords: true } as const;
    await setUpLedger(again);
    const service = openService(ledger.urls.plannerUrl);
    expect(await service.reader.head()).toMatchObject({ epoch: 1 });
    await closeService(service);
  });

  test('takes over an empty database, whatever its name', async () => {
    const empty = await createTestDatabase();
    const database = `Lédger "x" ${randomBytes(3).toString('hex')}`;
    await ledger.query(`alter database ${pg.escapeIdentifier(empty.name)} rename to ${pg.escapeIdentifier(database)}`);
    const { plannerUrl } = await setUpLedger({ adminUrl: runPostgresUrl(), database, passwords: TEST_PASSWORDS });
    const service = openService(plannerUrl);
    expect(await service.writer.append(onMigration(newMigrationId(), 0))).toMatchObject({ outcome: 'appended' });
    await closeService(service);
    await ledger.query(`drop database ${pg.escapeIdentifier(database)} with (force)`);
  });

  test('refuses a database whose released schema file was edited since', async () => {
    const other = await createTestLedger();
    await other.query(`update rehome.schema_file set sha256 = 'edited' where name = '003-planner.sql'`);
    const again = { adminUrl: runPostgresUrl(), database: other.database, passwords: TEST_PASSWORDS };
    await expect(setUpLedger(again)).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      facts: { file: '003-planner.sql' },
    });
    await other.close();
  });

  test('works for an administrator who is no superuser', async () => {
    const name = `admin_${randomBytes(4).toString('hex')}`;
    // Since PostgreSQL 16 a role is administered by whoever made it, or was granted that.
    await ledger.query(`
      create role ${name} login createdb createrole password 'admin-pass';
      grant rehome_owner, rehome_planner, rehome_executor, rehome_analyst to ${name} with admin option
    `);
    const adminUrl = new URL(runPostgresUrl());
    adminUrl.username = name;
    adminUrl.password = 'admin-pass';
    const database = `ledger_${randomBytes(6).toString('hex')}`;
    const urls = await setUpLedger({ adminUrl: adminUrl.toString(), database, passwords: TEST_PASSWORDS });
    const service = openService(urls.plannerUrl);
    expect(await service.writer.append(onMigration(newMigrationId(), 0))).toMatchObject({ outcome: 'appended' });
    await closeService(service);
    await ledger.query(`drop database ${database} with (force)`);
    await ledger.query(`drop role ${name}`);
  });

  test('lets only the three logins connect', async () => {
    const name = `stranger_${randomBytes(4).toString('hex')}`;
    await ledger.query(`create role ${name} login password 'x'`);
    const url = new URL(ledger.adminUrl);
    url.username = name;
    url.password = 'x';
    await expect(ledger.query('select 1', [], url.toString())).rejects.toMatchObject({ code: '42501' });
    await ledger.query(`drop role ${name}`);
  });

  test('fails classified, without the password, when the server refuses the login', async () => {
    const adminUrl = new URL(runPostgresUrl());
    adminUrl.password = 'canary-password';
    const failing = setUpLedger({ adminUrl: adminUrl.toString(), database: 'never', passwords: TEST_PASSWORDS });
    await expect(failing).rejects.toMatchObject({ code: 'POSTGRES_AUTHENTICATION_FAILED' });
    await expect(failing).rejects.not.toMatchObject({ message: expect.stringContaining('canary') });
  });
});

describe('a password on its way to the server', () => {
  test('is a SCRAM verifier that the login then matches, never the password', () => {
    // RFC 7677 gives the keys of user "user", password "pencil", this salt and 4096 iterations.
    const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
    expect(verifier).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });
});
