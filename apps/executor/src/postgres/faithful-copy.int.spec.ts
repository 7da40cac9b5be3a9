import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { runPostgresUrl } from '../../../../test/harness/run-addresses.js';
import {
  createSampleSource,
  dropSampleSource,
  inSession,
  moveDatabase,
  run,
  type MovedDatabase,
  type SampleSource,
} from '../../../../test/harness/moved-database.js';
import { clientToolsMajor } from '../../../../test/harness/servers/client-tools.js';
import type { RunningPostgres } from '../../../../test/harness/servers/running-server.js';
import { startPostgres } from '../../../../test/harness/servers/start-servers.js';
import { compareStructures } from './catalogue/compare-structures.js';
import { readLargeObjectGroups } from './catalogue/large-object-owners.js';
import { compareContents } from './compare-contents.js';
import { contentDigest, readContent } from './hashing.js';
import { largeObjectStatements, privilegeStatements } from './privileges.js';
import { dropPlaceholder } from './roles.js';
import { databaseArgument, runTool } from './run-tool.js';
import { runTexts } from './run-texts.js';
import type { SessionAddress } from './session.js';
import { settingStatements } from './settings.js';
import { chooseTools, findTools } from './tools.js';

const signal = new AbortController().signal;

describe('a database with one of every kind of object, moved to another server', () => {
  const cleanUps: (() => Promise<void>)[] = [];
  let source: SampleSource;
  let server: RunningPostgres;
  let moved: MovedDatabase;

  beforeAll(async () => {
    source = await createSampleSource(runPostgresUrl());
    cleanUps.push(() => dropSampleSource(source));
    server = await startPostgres({ major: clientToolsMajor(), durable: false });
    cleanUps.push(() => server.stop());
    const role = { name: source.owner.replaceAll('"', '""'), database: source.address.database.replaceAll('"', '""') };
    await run(
      source.address,
      `alter database "${role.database}" set work_mem = '7MB';
       alter database "${role.database}" set search_path = app, "$user", "Odd ""Schema"" ü";
       alter database "${role.database}" set app.tenant = 'it''s \\ acme';
       alter role "${role.name}" in database "${role.database}" set statement_timeout = '90s';
       alter role "${role.name}" set DateStyle = 'SQL, DMY'`,
    );
    moved = await moveDatabase(source, server.adminUrl, 'new "Rôle"');
    cleanUps.push(() => moved.removeFiles());
  }, 120_000);

  afterAll(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  }, 120_000);

  test('agrees in everything but rows, the owner mapped to a role of another name', async () => {
    const { source: left, target: right } = await moved.structures();
    expect(compareStructures(left, right)).toEqual([]);
    expect(left.objects.size).toBeGreaterThan(200);
  });

  test('agrees in every row, sequence and large object, and gives the same digest', async () => {
    const options = { applicationName: 'rehome:00000000:1', signal, jobs: 3 };
    const [left, right] = [await readContent(source.address, options), await readContent(moved.address, options)];
    const { mismatches, refreshed } = compareContents(left, right);
    expect(mismatches).toEqual([]);
    expect(refreshed).toEqual([]);
    expect(contentDigest(left)).toBe(contentDigest(right));
    expect([...left.tables.keys()]).toEqual(
      expect.arrayContaining(['app.no_columns', 'app.scratch', 'app.event_2025_a', 'app.summary', 'app.derived']),
    );
    expect(left.tables.get('app.no_columns')?.rows).toBe('3');
    expect(left.largeObjects.count).toBe('3');
  });

  test('needs no further statement once privileges and settings were applied', async () => {
    const { source: left, target: right } = await moved.structures();
    expect(privilegeStatements(left, right)).toEqual([]);
    expect(settingStatements(left, right, moved.address.database)).toEqual([]);
    expect(largeObjectStatements([], [])).toEqual([]);
  });

  test('comes right from a restore that left owners and grants out, too', async () => {
    const bare = { ...moved.address, database: 'bare' };
    await run({ ...bare, database: 'postgres' }, 'create database bare template template0');
    const tools = chooseTools(await findTools([]), { source: clientToolsMajor() });
    const flags = [
      '--no-owner',
      '--no-acl',
      '--exit-on-error',
      databaseArgument('bare'),
      join(moved.workDirectory, 'dump'),
    ];
    await run(bare, `create role ${quoteIdentifier(source.owner)}`);
    await runTool(
      { program: tools.pgRestore, arguments: flags, address: bare, workDirectory: moved.workDirectory },
      signal,
    );
    const before = await moved.structures(bare);
    const statements = privilegeStatements(before.source, before.target);
    expect(statements.length).toBeGreaterThan(50);
    const largeObjects = await largeObjectDifference(bare);
    await inSession(bare, (session) => runTexts(session, [...statements, ...largeObjects], signal));
    await inSession(bare, (session) =>
      dropPlaceholder(session, { sourceOwner: source.owner, role: moved.role }, signal),
    );
    const after = await moved.structures(bare);
    const left = compareStructures(after.source, after.target).filter(({ object }) => !object.includes(' setting '));
    expect(left).toEqual([]);
    await run({ ...bare, database: 'postgres' }, `drop database bare; `);
    await run(moved.address, `drop role ${quoteIdentifier(source.owner)}`);
  });

  test('leaves no role under the name of the source owner behind', async () => {
    const { rows } = await run(moved.address, `select rolname as name from pg_roles where oid >= 16384 order by 1`);
    expect(rows.map(({ name }: { name: string }) => name)).toEqual(['new "Rôle"', source.reader, source.writer].sort());
  });

  async function largeObjectDifference(bare: SessionAddress): Promise<string[]> {
    const wanted = await inSession(source.address, (session) => readLargeObjectGroups(session, moved.mapRole));
    const found = await inSession(bare, (session) => readLargeObjectGroups(session, (role) => role));
    return largeObjectStatements(wanted, found);
  }
});
