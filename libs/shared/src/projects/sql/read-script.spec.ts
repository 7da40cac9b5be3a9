import { beforeAll, describe, expect, it } from '@jest/globals';
import { parserReady } from './parse-sql.js';
import { readScript } from './read-script.js';

const PATH = 'migrations/shop/0001_a.up.sql';

beforeAll(parserReady);

function messagesOf(sql: string): string[] {
  return readScript(PATH, sql).problems.map(({ line, message }) => `${line ?? ''}: ${message}`);
}

describe('a script', () => {
  it.each(['begin', 'commit', 'rollback', 'savepoint a', "prepare transaction 'x'"])(
    'may not control the transaction: %s',
    (sql) => {
      expect(messagesOf(`select 1;\n${sql};`)).toEqual([
        expect.stringContaining('2: this statement controls the transaction'),
      ]);
    },
  );

  it.each([
    'set role admin',
    'set local role admin',
    'reset role',
    'set session authorization admin',
    'discard all',
    "select set_config('role', 'admin', true)",
    "do $$ begin execute 'set role admin'; end $$",
    'do $$ begin set local role admin; end $$',
    "do $$ begin if true then perform set_config('role', 'admin', true); end if; end $$",
    "do $$ declare r text := 'admin'; begin execute 'set role ' || r; end $$",
    'create function f() returns void language plpgsql as $$ begin reset role; end $$',
    "create function f() returns text language sql as $$ select set_config('role', 'admin', true) $$",
    'create function f() returns int language sql set role = admin as $$ select 1 $$',
    'alter function f() set role = admin',
  ])('may not change the role: %s', (sql) => {
    expect(messagesOf(`select 1;\n${sql};`)).toEqual([expect.stringContaining('2: this statement changes the role')]);
  });

  it.each(["copy t from program 'ls'", "copy t from '/etc/passwd'", 'copy t to stdout'])(
    'may not copy beyond the database: %s',
    (sql) => {
      expect(messagesOf(`${sql};`)).toEqual([expect.stringMatching(/^1: this statement (runs|reads|copies)/)]);
    },
  );

  it('may set what concerns neither', () => {
    expect(messagesOf("set local statement_timeout = '1s'; select set_config('a.b', 'c', true);")).toEqual([]);
  });

  it('must say so when a statement cannot be in a transaction', () => {
    const sql = 'create index concurrently i on t (a);';
    expect(messagesOf(`\n${sql}`)).toEqual([
      expect.stringContaining('2: this statement cannot run in a transaction; write'),
    ]);
    expect(readScript(PATH, `-- transaction: off\n${sql}`)).toMatchObject({
      problems: [],
      script: { transactional: false },
    });
  });
});

describe('the header of a script', () => {
  it('says what it requires, how it runs and how long it waits for locks', () => {
    const sql = `-- A word about it: prose is left alone.
-- constructor: as well.
-- requires: 0001, stock/0002
-- requires: 0003
-- conflicts: 0009

-- lock-timeout: 2s
-- phase: expand
-- database: results
select 1;
-- requires: 0042`;
    expect(readScript(PATH, sql).header).toMatchObject({
      requires: [
        { text: '0001', line: 3 },
        { text: 'stock/0002', line: 3 },
        { text: '0003', line: 4 },
      ],
      conflicts: [{ text: '0009', line: 5 }],
      lockTimeoutMs: 2000,
      phase: 'expand',
      database: { text: 'results', line: 9 },
      transaction: 'on',
      problems: [],
    });
  });

  it.each([
    ['-- transaction: no', '1: "transaction" is "no"; write "off"'],
    ['-- lock-timeout: 2', '1: "lock-timeout" is "2"; write a time with its unit'],
    ['-- lock-timeout: 0s', '1: "lock-timeout" is "0s"'],
    ['-- phase: both', '1: "phase" is "both"'],
    ['-- requires:', '1: "requires" names no version'],
    ['-- phase: expand\n-- phase: expand', '2: "phase" stands twice'],
    ['-- depends-on: 0001', '1: "depends-on" is no header; write "-- requires: …"'],
    ['-- rehome:allow drop-column', '1: a waiver names the rule and the reason'],
  ])('is refused where it would do nothing: %j', (sql, message) => {
    expect(messagesOf(sql)).toEqual([expect.stringContaining(message)]);
  });
});

describe('a waiver', () => {
  it('is about the whole file in the header, else about the statement it stands at', () => {
    const sql = `-- rehome:allow every-where: the tables are empty

-- rehome:allow before-it: nobody reads it
alter table t
  drop column a, -- rehome:allow inside-it: nor this
  drop column b;
alter table t drop column c; -- rehome:allow behind-it: nor that`;
    expect(readScript(PATH, sql).waivers).toEqual([
      { rule: 'every-where', reason: 'the tables are empty' },
      { rule: 'before-it', reason: 'nobody reads it', line: 4 },
      { rule: 'inside-it', reason: 'nor this', line: 4 },
      { rule: 'behind-it', reason: 'nor that', line: 7 },
    ]);
  });
});
