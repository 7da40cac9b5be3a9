import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/database.js';
import { addressOf, inSession, NEVER, run } from '../../../../test/harness/moved-database.js';
import { compareStructures } from './catalogue/compare-structures.js';
import { readStructure } from './catalogue/read-structure.js';
import { planUnits } from './hash-tables.js';
import { contentDigest, largestTables, readContent, totalRows } from './hashing.js';
import { privilegeStatements } from './privileges.js';
import { runTexts } from './run-texts.js';
import { inTransaction, type SessionAddress } from './session.js';

const TABLES = 2_000;
/** max_locks_per_transaction * max_connections, as PostgreSQL is delivered. */
const ROOM_OF_A_USUAL_SERVER = 64 * 100;
const READING = { applicationName: 'rehome:00000000:1', signal: NEVER, jobs: 2 };
const same = (role: string): string => role;

describe('a database of 2,000 tables', () => {
  let database: TestDatabase;
  let address: SessionAddress;
  let cleanUp: () => Promise<unknown> = () => Promise.resolve();

  beforeAll(async () => {
    database = await createTestDatabase();
    address = addressOf(database.url);
    await inSession(address, async (session) => {
      // In portions: one transaction would fill the lock table.
      for (let start = 0; start < TABLES; start += 100) {
        const tables = Array.from({ length: 100 }, (_, index) => {
          const name = `public.t${String(start + index)}`;
          return `create table ${name} (id int generated always as identity, name text not null default 'x', at timestamptz);
            create index on ${name} (name); insert into ${name} (name) select 'n' || i from generate_series(1, 3) i`;
        });
        await session.query(tables.join(';'));
      }
      await session.query(`insert into public.t7 (name) select 'more' from generate_series(1, 50000)`);
    });
  }, 120_000);

  afterAll(async () => {
    await database.drop();
    await cleanUp();
  });

  test('is hashed in a few dozen queries, every table of it', async () => {
    const seen: number[] = [];
    const started = Date.now();
    const content = await readContent(address, { ...READING, onProgress: ({ done }) => seen.push(done) });
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(content.tables.size).toBe(TABLES);
    expect(content.sequences.size).toBe(TABLES);
    expect(totalRows(content)).toBe(String(TABLES * 3 + 50_000));
    expect(seen.at(-1)).toBe(TABLES);
    expect(seen.length).toBeLessThan(60);
    expect(largestTables(content, 1)).toEqual([expect.objectContaining({ table: 'public.t7', rows: '50003' })]);
    expect(contentDigest(await readContent(address, { ...READING, jobs: 1 }))).toBe(contentDigest(content));
  }, 60_000);

  test('is read in one go per kind of object and agrees with itself', async () => {
    const started = Date.now();
    const structure = await inSession(address, (session) =>
      readStructure(session, { mapRole: same, owner: 'postgres' }),
    );
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(structure.objects.size).toBeGreaterThan(TABLES * 6);
    expect(compareStructures(structure, structure)).toEqual([]);
  }, 60_000);

  test('changes hands table by table, because one transaction holds more locks than a usual server has room for', async () => {
    const heir = `heir ${randomBytes(4).toString('hex')}`;
    await run(address, `create role ${quoteIdentifier(heir)}`);
    await inSession(address, async (session) => {
      const before = await readStructure(session, { mapRole: same, owner: 'postgres' });
      const wanted = await readStructure(session, {
        mapRole: (role) => (role === 'postgres' ? heir : role),
        owner: 'postgres',
      });
      const texts = privilegeStatements(wanted, before);
      expect(texts.length).toBeGreaterThanOrEqual(TABLES);
      const locks = await inTransaction(session, async () => {
        await runTexts(session, texts, NEVER);
        const { rows } = await session.query<{ count: number }>(
          `select count(*)::int as count from pg_locks where pid = pg_backend_pid()`,
        );
        await session.query('rollback; begin');
        return rows[0]?.count ?? 0;
      });
      expect(locks).toBeGreaterThan(ROOM_OF_A_USUAL_SERVER);
      await runTexts(session, texts, NEVER);
      expect(privilegeStatements(wanted, await readStructure(session, { mapRole: same, owner: heir }))).toEqual([]);
    });
    cleanUp = () => run(addressOf(database.url, 'postgres'), `drop role ${quoteIdentifier(heir)}`);
  }, 60_000);
});

describe('portions of tables', () => {
  test('hold one large table or fifty small ones, the largest first', () => {
    const table = (name: string, bytes: number) => ({
      name,
      schema: 's',
      table: name,
      bytes,
      derived: false,
      condition: '',
    });
    const tables = [
      ...Array.from({ length: 120 }, (_, index) => table(`s${String(index)}`, index)),
      table('big', 2 ** 40),
      table('middle', 2 ** 21),
    ];
    const units = planUnits(tables);
    expect(units.map((unit) => unit.tables.length)).toEqual([1, 1, 50, 50, 20]);
    expect(units.slice(0, 2).map((unit) => unit.tables[0]?.name)).toEqual(['big', 'middle']);
  });
});
