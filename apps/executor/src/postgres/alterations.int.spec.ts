import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
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
import { compareContents } from './compare-contents.js';
import { OF_CONTENT, OF_STRUCTURE, CUSTOMER, type Alteration } from './fixtures/alterations.js';
import { readContent, type Content } from './hashing.js';
import { locateLargeObjects, locateRows } from './locate-difference.js';
import { openSession, type SessionAddress } from './session.js';

/** A publication of all tables refuses changes to tables that nobody can tell the rows of. */
const WITHOUT_PUBLICATIONS = 'drop publication everything, some_tables';

const READING = { applicationName: 'rehome:00000000:1', signal: new AbortController().signal, jobs: 2 };

describe('between restore and comparison, somebody changes', () => {
  const cleanUps: (() => Promise<void>)[] = [];
  let source: SampleSource;
  let server: RunningPostgres;
  let moved: MovedDatabase;
  let sourceContent: Content;
  let ofStructure: readonly Mismatch[];
  let ofContent: readonly Mismatch[];
  let rowsAltered: SessionAddress;

  beforeAll(async () => {
    source = await createSampleSource(runPostgresUrl());
    cleanUps.push(() => dropSampleSource(source));
    server = await startPostgres({ major: clientToolsMajor(), durable: false });
    cleanUps.push(() => server.stop());
    moved = await moveDatabase(source, server.adminUrl, 'new "Rôle"');
    cleanUps.push(() => moved.removeFiles());
    sourceContent = await readContent(source.address, READING);
    // All at once: a copy per alteration took a minute.
    const { source: left, target: right } = await moved.structures(
      await alteredCopy(OF_STRUCTURE.map(({ sql }) => sql)),
    );
    ofStructure = compareStructures(left, right);
    const altered = await alteredCopy([WITHOUT_PUBLICATIONS, ...OF_CONTENT.map(({ sql }) => sql)]);
    ofContent = compareContents(sourceContent, await readContent(altered, READING)).mismatches;
    rowsAltered = await alteredCopy([
      WITHOUT_PUBLICATIONS,
      `update app.customer set born = born + '1 us' where id = 25; delete from app.customer where id = 30`,
      `select lo_put(90001, 0, 'X'), lo_unlink(90003)`,
    ]);
  }, 120_000);

  afterAll(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  }, 120_000);

  test.each(OF_STRUCTURE)('$what, and it is named', (alteration) => {
    expect(ofStructure).toContainEqual(namedBy(alteration));
  });

  test.each(OF_CONTENT)('$what, and it is named', (alteration) => {
    expect(ofContent).toContainEqual(namedBy(alteration));
  });

  test('many things, and only these are named', () => {
    const altered = [...OF_STRUCTURE, ...OF_CONTENT].map(({ object }) => fill(object, ''));
    const others = [...ofStructure, ...ofContent].filter(
      ({ object }) => !altered.some((name) => object.includes(name)),
    );
    expect(others).toEqual([]);
    expect(ofContent).toHaveLength(OF_CONTENT.length);
  });

  test('one row of a table with a key, and the row is named by its key', async () => {
    const sides = await openBoth(rowsAltered);
    const rows = await locateRows(sides, CUSTOMER);
    await Promise.all([sides.source.end(), sides.target.end()]);
    expect(rows).toEqual({ missing: ['(30)'], added: [], changed: ['(25)'] });
  });

  test('large objects, and their number and each by its id are named', async () => {
    const target = await readContent(rowsAltered, READING);
    expect(compareContents(sourceContent, target).mismatches).toContainEqual({
      object: 'large objects',
      aspect: 'count',
      source: '3',
      target: '2',
    });
    const sides = await openBoth(rowsAltered);
    const found = await locateLargeObjects(sides, { source: sourceContent.largeObjects, target: target.largeObjects });
    await Promise.all([sides.source.end(), sides.target.end()]);
    expect(found.map(({ object, aspect }) => [object, aspect])).toEqual([
      ['large object 90001', 'content'],
      ['large object 90003', 'existence'],
    ]);
  });

  test('nothing, and nothing is named', async () => {
    const { source: left, target: right } = await moved.structures();
    expect(compareStructures(left, right)).toEqual([]);
    expect(compareContents(sourceContent, await readContent(moved.address, READING)).mismatches).toEqual([]);
  });

  /** A copy of the moved database in which triggers and foreign keys do not look. */
  async function alteredCopy(statements: readonly string[]): Promise<SessionAddress> {
    const address = { ...moved.address, database: `altered ${randomBytes(4).toString('hex')}` };
    const [copy, template] = [address, moved.address].map(({ database }) => quoteIdentifier(database));
    await run({ ...address, database: 'postgres' }, `create database ${copy ?? ''} template ${template ?? ''}`);
    await inSession(address, async (session) => {
      await session.query('set session_replication_role = replica');
      for (const sql of statements) await session.query(fill(sql, address.database));
    });
    return address;
  }

  async function openBoth(altered: SessionAddress) {
    const [from, to] = await Promise.all([openSession(source.address, READING), openSession(altered, READING)]);
    return { source: from, target: to };
  }

  function namedBy({ object, aspect }: Alteration) {
    return expect.objectContaining({ object: expect.stringContaining(fill(object, '')), aspect });
  }

  function fill(text: string, database: string): string {
    const names: Readonly<Record<string, string>> = {
      role: quoteIdentifier(moved.role),
      reader: quoteIdentifier(source.reader),
      writer: quoteIdentifier(source.writer),
      database: database === '' ? '' : quoteIdentifier(database),
      roleName: moved.role,
      readerName: source.reader,
      writerName: source.writer,
    };
    return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
  }
});
