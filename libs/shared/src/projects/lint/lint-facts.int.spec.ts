import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startPostgres } from '../../../../../test/harness/servers/start-servers.js';
import type { RunningPostgres } from '../../../../../test/harness/servers/running-server.js';
import { parserReady } from '../sql/parse-sql.js';
import { isWidening, typeOf, type ColumnType } from './column-types.js';
import { fileOf } from './lint-test-kit.js';
import { locksOf } from './locks.js';
import { createdColumns } from './nodes.js';

const TYPES = [
  ...['varchar(10)', 'varchar(20)', 'varchar', 'text', 'char(10)', 'char(20)', 'text[]', 'varchar(10)[]'],
  ...['int', 'bigint', 'numeric(10, 2)', 'numeric(12, 2)', 'numeric(12, 4)', 'numeric', 'varbit(8)', 'varbit(16)'],
  ...['timestamp(3)', 'timestamp', 'timestamptz(3)', 'timestamptz', 'time(3)', 'time', 'cidr', 'inet'],
];

/** Every way in which a statement here may lock `orders` or `users`. */
const STATEMENTS = [
  'alter table orders add column more int',
  'alter table orders alter column a set statistics 300',
  'alter table orders set (fillfactor = 90)',
  'alter table orders alter column a set default 7',
  'alter table orders alter column a set not null',
  'alter table orders add constraint c check (a > 0) not valid',
  'alter table orders validate constraint later',
  'alter table orders add constraint f foreign key (a) references users (id) not valid',
  'alter table orders add column u bigint references users (id)',
  'alter table orders disable trigger all',
  'alter table orders enable row level security',
  'alter table orders rename column a to b',
  'alter table orders rename to purchases',
  'alter index orders_by_a rename to orders_a',
  'alter table orders set schema side',
  'alter table parts attach partition part_2 for values in (2)',
  'create table part_3 partition of parts for values in (3)',
  'alter table parts detach partition part_1',
  'create index on orders (a)',
  'create trigger t after insert on orders for each row execute function nothing()',
  'create policy own on orders using (true)',
  'create rule r as on insert to orders do nothing',
  'drop table orders',
  'drop policy seen on orders',
  'truncate orders',
  'cluster orders using orders_by_a',
  'lock table orders in share mode',
  'lock table orders',
  'refresh materialized view totals',
  'comment on table orders is $$x$$',
  'create table notes (id bigint primary key, order_id bigint)',
];

const WORLD = `
  create schema side;
  create table users (id bigint primary key);
  create table orders (id bigint primary key, a int default 1, constraint later check (a > 0) not valid);
  create index orders_by_a on orders (a);
  create policy seen on orders using (true);
  create materialized view totals as select 1 as n;
  create table parts (n int) partition by list (n);
  create table part_1 partition of parts for values in (1);
  create table part_2 (n int);
  create function nothing() returns trigger language plpgsql as 'begin return null; end';
`;

describe.each([15, 18])('what the linter believes of PostgreSQL %i', (major) => {
  let server: RunningPostgres;
  let client: pg.Client;

  beforeAll(async () => {
    await parserReady();
    server = await startPostgres({ major, durable: false });
    client = new pg.Client({ connectionString: server.adminUrl });
    await client.connect();
    await client.query(`create database lint_facts`);
    await client.end();
    client = new pg.Client({ connectionString: new URL('/lint_facts', server.adminUrl).href });
    await client.connect();
    await client.query(WORLD);
  }, 120_000);

  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  it('holds for every type that it calls wider: neither table nor index is written anew [d32]', async () => {
    const wrong: string[] = [];
    for (const from of TYPES)
      for (const to of TYPES)
        if (isWidening(typeCalled(from), typeCalled(to)) && (await isRewritten(from, to)))
          wrong.push(`${from} to ${to}`);
    expect(wrong).toEqual([]);
  });

  it('holds for every lock: who has to wait for it is who waits [d32]', async () => {
    const wrong: string[] = [];
    for (const statement of STATEMENTS) {
      const [believed, taken] = [believedLocks(statement), await takenLocks(statement)];
      if (believed.join() !== taken.join()) wrong.push(`${statement}: ${taken.join()}, not ${believed.join()}`);
    }
    expect(wrong).toEqual([]);
  });

  async function isRewritten(from: string, to: string): Promise<boolean> {
    await client.query('begin');
    try {
      await client.query(`create table typed (c ${from})`);
      await client.query('create index typed_by_c on typed (c)');
      const before = await files();
      await client.query(`alter table typed alter column c type ${to}`);
      return (await files()) !== before;
    } finally {
      await client.query('rollback');
    }
  }

  async function files(): Promise<string> {
    const { rows } = await client.query<{ files: string }>(
      `select concat_ws(' ', pg_relation_filenode('typed'), pg_relation_filenode('typed_by_c')) as files`,
    );
    return rows[0]?.files ?? '';
  }

  /** Of what stood there before; sorted. */
  async function takenLocks(statement: string): Promise<string[]> {
    const standing = `
      select array_agg(oid) as oids from pg_class
      where relkind in ('r', 'p', 'm') and relnamespace = 'public'::regnamespace`;
    const { rows: before } = await client.query<{ oids: string[] }>(standing);
    const names = await client.query<{ oid: string; relname: string }>('select oid, relname from pg_class');
    await client.query('begin');
    try {
      await client.query(statement);
      const { rows } = await client.query<{ oid: string; mode: string }>(
        `
        select distinct relation as oid, mode from pg_locks
        where pid = pg_backend_pid() and relation = any ($1::oid[])
        `,
        [before[0]?.oids ?? []],
      );
      return strongest(
        rows.flatMap(({ oid, mode }) => {
          const blocks = BLOCKS[mode];
          const name = names.rows.find((row) => row.oid === oid)?.relname ?? oid;
          return blocks === undefined ? [] : [[name, blocks] as const];
        }),
      );
    } finally {
      await client.query('rollback');
    }
  }
});

const BLOCKS: Readonly<Record<string, 'everybody' | 'writers'>> = {
  AccessExclusiveLock: 'everybody',
  ExclusiveLock: 'writers',
  ShareRowExclusiveLock: 'writers',
  ShareLock: 'writers',
};

function believedLocks(text: string): string[] {
  const [statement] = fileOf(text).up.statements;
  return strongest(statement === undefined ? [] : locksOf(statement).map(({ table, blocks }) => [table.name, blocks]));
}

/** `orders everybody`, one a table. */
function strongest(locks: readonly (readonly [string, 'everybody' | 'writers'])[]): string[] {
  const all = new Set(locks.filter(([, blocks]) => blocks === 'everybody').map(([name]) => name));
  const some = locks.filter(([name]) => !all.has(name)).map(([name]) => `${name} writers`);
  return [...new Set([...[...all].map((name) => `${name} everybody`), ...some])].sort();
}

function typeCalled(text: string): ColumnType {
  const [statement] = fileOf(`create table typed (c ${text})`).up.statements;
  const [column] = statement === undefined ? [] : createdColumns(statement);
  const type = typeOf(column?.typeName);
  if (type === undefined) throw new Error(`${text} is no type`);
  return type;
}
