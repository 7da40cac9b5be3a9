import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import {
  addressOf,
  createSampleSource,
  inSession,
  open,
  run,
  type SampleSource,
} from '../../../../../test/harness/moved-database.js';
import { clientToolsMajor } from '../../../../../test/harness/servers/client-tools.js';
import type { RunningPostgres } from '../../../../../test/harness/servers/running-server.js';
import { startPostgres } from '../../../../../test/harness/servers/start-servers.js';
import type { SessionAddress } from '../session.js';
import { readDatabaseFacts } from './database-facts.js';
import { checkDiskSpace } from './disk-space.js';
import { checkSource } from './source-checks.js';
import { checkTarget, checkVersions } from './target-checks.js';

describe('inspection', () => {
  const cleanUps: (() => Promise<void>)[] = [];
  let server: RunningPostgres;
  let admin: SessionAddress;
  let source: SampleSource;
  let facts: DatabaseFacts;

  beforeAll(async () => {
    server = await startPostgres({
      major: clientToolsMajor(),
      durable: false,
      settings: { max_prepared_transactions: '5', wal_level: 'logical' },
    });
    cleanUps.push(() => server.stop());
    admin = addressOf(server.adminUrl);
    source = await createSampleSource(server.adminUrl);
    facts = await inSession(source.address, readDatabaseFacts);
  }, 60_000);

  afterAll(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });

  test('tells what a plan needs to know of a database', () => {
    expect(facts).toMatchObject({ owner: source.owner, encoding: 'UTF8', localeProvider: 'c', largeObjects: 3 });
    expect(Math.floor(facts.serverVersion / 10_000)).toBe(clientToolsMajor());
    expect(facts.tables).toBeGreaterThan(15);
    expect(facts.extensions.map(({ name, schema }) => [name, schema])).toContainEqual(['pg_trgm', 'extensions']);
    expect(facts.roles.map(({ name }) => name).sort()).toEqual([source.owner, source.reader, source.writer].sort());
    expect(facts.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  test('gives the same fingerprint while rows, sequences and large objects change, another when the structure does', async () => {
    await run(
      source.address,
      `insert into app.scratch default values; select nextval('app.down'), lo_from_bytea(0, 'new')`,
    );
    expect((await inSession(source.address, readDatabaseFacts)).fingerprint).toBe(facts.fingerprint);
    await run(source.address, `select lo_unlink(oid) from pg_largeobject_metadata where lomowner = 10`);
    await run(source.address, `alter table app.scratch add column more int`);
    expect((await inSession(source.address, readDatabaseFacts)).fingerprint).not.toBe(facts.fingerprint);
    await run(source.address, `alter table app.scratch drop column more`);
    expect((await inSession(source.address, readDatabaseFacts)).fingerprint).toBe(facts.fingerprint);
  });

  test('passes a source in order', async () => {
    const checks = await inSession(source.address, (session) => checkSource(session, { owner: source.owner }));
    expect(checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(checks.length).toBeGreaterThan(8);
  });

  test('objects to a prepared transaction, an invalid index and a slot, all at once and each with what to do', async () => {
    await run(source.address, `begin; insert into app.scratch default values; prepare transaction 'it''s half'`);
    await run(source.address, `insert into audit.entry values (1, 'x'), (2, 'x')`);
    await expect(
      run(source.address, `create unique index concurrently broken on audit.entry (said)`),
    ).rejects.toThrow();
    await run(source.address, `select pg_create_logical_replication_slot('left_behind', 'pgoutput')`).catch(
      () => undefined,
    );
    const checks = await inSession(source.address, (session) => checkSource(session, { owner: source.owner }));
    expect(find(checks, 'prepared-transactions')).toMatchObject({
      passed: false,
      severity: 'error',
      remedy: expect.stringContaining(`rollback prepared 'it''s half'`),
    });
    expect(find(checks, 'invalid-indexes')).toMatchObject({
      passed: false,
      severity: 'warning',
      found: expect.stringContaining('audit.broken'),
    });
    await run(source.address, `rollback prepared 'it''s half'`);
    await run(
      source.address,
      `drop index audit.broken; delete from audit.entry; select pg_drop_replication_slot(slot_name) from pg_replication_slots`,
    );
  });

  test('objects to an application role that is a superuser, is another, or is none', async () => {
    const owner = quoteIdentifier(source.owner);
    await run(admin, `alter role ${owner} superuser`);
    expect(await applicationRole(source.owner)).toMatchObject({
      passed: false,
      remedy: expect.stringContaining('nosuperuser'),
    });
    await run(admin, `alter role ${owner} nosuperuser`);
    expect(await applicationRole(source.reader)).toMatchObject({
      passed: false,
      found: expect.stringContaining(source.owner),
    });
    expect(await applicationRole('nobody')).toMatchObject({ passed: false, found: 'there is no role nobody' });
  });

  test('names every right that an ordinary administrator lacks, with the statement that gives it', async () => {
    await run(admin, `create role ops login password 'p'`);
    const ops = { ...source.address, user: 'ops', password: 'p' };
    const before = await inSession(ops, (session) => checkSource(session, { owner: source.owner }));
    const lacking = find(before, 'source-privileges');
    expect(lacking).toMatchObject({ passed: false, severity: 'error' });
    for (const part of [
      'createdb',
      'grant pg_signal_backend to "ops"',
      'bypassrls',
      `grant ${quoteIdentifier(source.owner)} to "ops"`,
    ])
      expect(lacking?.remedy).toContain(part);
    await run(
      admin,
      `alter role ops createdb bypassrls; grant pg_signal_backend, ${quoteIdentifier(source.owner)}, ${quoteIdentifier(source.writer)} to ops`,
    );
    const after = await inSession(ops, (session) => checkSource(session, { owner: source.owner }));
    expect(find(after, 'source-privileges')).toEqual(
      expect.objectContaining({ passed: true, found: 'ops has every right that is needed' }),
    );
  });

  test('sees long transactions of this database', async () => {
    const idle = await open(source.address);
    await idle.query('begin; select 1');
    const checks = await inSession(source.address, (session) => checkSource(session, { owner: source.owner }));
    await idle.end();
    expect(find(checks, 'long-transactions')).toMatchObject({ passed: true });
  });

  test('passes a target that is empty', async () => {
    const checks = await targetChecks({});
    expect(checks.filter(({ passed, severity }) => !passed && severity === 'error')).toEqual([]);
  });

  test('objects to a target that is not empty, lacks an extension or a locale, or has roles that would become one', async () => {
    const name = `taken ${randomBytes(3).toString('hex')}`;
    await run(admin, `create database ${quoteIdentifier(name)}`);
    const checks = await targetChecks({
      database: name,
      role: source.reader,
      facts: {
        ...facts,
        collate: 'xx_XX.UTF-8',
        extensions: [
          ...facts.extensions,
          { name: 'not_there', version: '1', schema: 'public' },
          { name: 'citext', version: '0.1', schema: 'public' },
        ],
      },
    });
    for (const expected of ['target-empty', 'extensions', 'locale', 'role-names'])
      expect(find(checks, expected)).toMatchObject({
        passed: false,
        severity: 'error',
        remedy: expect.stringMatching(/./),
      });
    expect(find(checks, 'extensions')?.found).toMatch(/not_there 1 \(there: not installed\); citext 0\.1 \(there: 1\./);
  });

  test('warns of settings that a role at the target carries, and objects to one that may not log in', async () => {
    await run(admin, `create role "later ü" nologin; alter role "later ü" set work_mem = '1MB'`);
    const checks = await targetChecks({ role: 'later ü' });
    expect(find(checks, 'target-role-settings')).toMatchObject({ passed: false, severity: 'warning' });
    expect(find(checks, 'target-role')).toMatchObject({ passed: false, remedy: 'alter role "later ü" login' });
  });

  test('lets tools be neither older than the source nor newer than the target', () => {
    const verdict = (sourceMajor: number, tools: number, target?: number) =>
      checkVersions({ serverVersion: sourceMajor * 10_000 }, { major: tools, version: String(tools) }, target).passed;
    expect([verdict(13, 15, 18), verdict(15, 15, 15), verdict(15, 16)]).toEqual([true, true, true]);
    expect([verdict(16, 15, 18), verdict(13, 16, 15), verdict(16, 16, 15)]).toEqual([false, false, false]);
  });

  test('asks for room for the whole database and a tenth', async () => {
    expect(await checkDiskSpace(tmpdir(), '1000000')).toMatchObject({ passed: true, name: 'disk-headroom' });
    expect(await checkDiskSpace(tmpdir(), String(10 ** 18))).toMatchObject({
      passed: false,
      remedy: expect.stringContaining('MB'),
    });
  });

  async function applicationRole(owner: string): Promise<PreflightCheck | undefined> {
    return find(await inSession(source.address, (session) => checkSource(session, { owner })), 'application-role');
  }

  async function targetChecks(given: {
    database?: string;
    role?: string;
    facts?: DatabaseFacts;
  }): Promise<PreflightCheck[]> {
    const endpoint = {
      name: 'target',
      host: admin.host,
      port: admin.port,
      adminUser: admin.user,
      adminSecretRef: 'env:X',
    };
    const tools = { major: clientToolsMajor(), version: String(clientToolsMajor()) };
    const target = { server: endpoint, database: given.database ?? 'not taken' };
    return inSession(admin, (session) =>
      checkTarget(session, { target, targetRole: given.role ?? source.owner, facts: given.facts ?? facts, tools }),
    );
  }

  function find(checks: readonly PreflightCheck[], name: string): PreflightCheck | undefined {
    return checks.find((check) => check.name === name);
  }
});
