import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parserReady } from './parse-sql.js';
import { splitSql } from './split-sql.js';

const PATH = 'migrations/shop/0001_a.up.sql';

beforeAll(parserReady);

function outsideOf(sql: string): boolean[] {
  return splitSql(PATH, sql).statements.map(({ outsideTransaction }) => outsideTransaction);
}

describe('splitting a script', () => {
  it('gives each statement its exact text, and the line and offset of its first token', () => {
    const text = "-- größer 😀\n\nselect 'ö;';\n/* a; /* b; */ */ select 2 ; ;\n  select $x$ a;b $x$ -- end";
    const { statements } = splitSql(PATH, text);
    expect(statements.map(({ text: own, line }) => [own, line])).toEqual([
      ["select 'ö;'", 3],
      ['select 2', 4],
      ['select $x$ a;b $x$ -- end', 5],
    ]);
    for (const { text: own, offset } of statements) expect(text.startsWith(own, offset)).toBe(true);
  });

  it('finds every statement again, whatever stands between them', () => {
    const piece = fc.constantFrom("select 'é'", 'select 1', 'create table "ü;" (a int)', 'do $$ begin null; end $$');
    const gap = fc.constantFrom('\n', ' ', '-- ä;\n', '/* ; 😀 */', ';', '\r\n');
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, fc.array(gap)), { minLength: 1 }), (pieces) => {
        const text = pieces.map(([sql, gaps]) => `${gaps.join('')}${sql};`).join('');
        const { statements } = splitSql(PATH, text);
        expect(statements.map((one) => one.text)).toEqual(pieces.map(([sql]) => sql));
        for (const { text: own, offset, line } of statements) {
          expect(text.slice(offset, offset + own.length)).toBe(own);
          expect(line).toBe(text.slice(0, offset).split('\n').length);
        }
      }),
    );
  });

  it('takes a script without statements', () => {
    expect(splitSql(PATH, '-- nothing yet\n')).toEqual({ statements: [], problems: [] });
    expect(splitSql(PATH, '')).toEqual({ statements: [], problems: [] });
  });

  it.each([
    ['select 1;\nselect é from from x;', 2, 'syntax error at or near "from"'],
    ["select 1;\n\nselect 'abc", 3, 'unterminated'],
    ['select 1;\n\\connect other\n', 2, 'no SQL: name databases in project.yaml'],
    ['select 1;\ncopy t from stdin;\n1\ta\n\\.\n', 3, 'write INSERT statements instead'],
    ['select 1;\nselect :name;', 2, 'variables of psql'],
  ])('says what the parser stumbles over in %j, and in which line', (text, line, message) => {
    const { problems, statements } = splitSql(PATH, text);
    expect(statements).toEqual([]);
    expect(problems).toEqual([{ path: PATH, line, message: expect.stringContaining(message) }]);
  });

  it('refuses what nests so deep that nobody could walk it', () => {
    const { problems } = splitSql(PATH, `select 1${'+1'.repeat(50_000)}`);
    expect(problems).toMatchObject([{ message: expect.stringContaining('too deeply') }]);
    expect(splitSql(PATH, 'select 1').statements).toHaveLength(1);
  });
});

describe('a statement that PostgreSQL refuses inside a transaction', () => {
  it.each([
    'create index concurrently i on t (a)',
    'drop index concurrently i',
    'reindex (concurrently) index i',
    'reindex table concurrently t',
    'reindex database x',
    'alter table t detach partition p concurrently',
    'vacuum t',
    'cluster',
    'create database x',
    'drop database x',
    'alter database x set tablespace y',
    'alter system set work_mem = 1',
    "create tablespace x location '/x'",
    "create subscription s connection 'x' publication p",
    'alter subscription s refresh publication',
  ])('is known: %s', (sql) => {
    expect(outsideOf(sql)).toEqual([true]);
  });

  it.each([
    'create index i on t (a)',
    'drop index i',
    'reindex (concurrently false) table t',
    'reindex index i',
    'analyze t',
    'cluster t using i',
    "alter type e add value 'x'",
    'alter database x set work_mem = 1',
    "create subscription s connection 'x' publication p with (connect = off)",
    'discard plans',
  ])('is not mistaken for: %s', (sql) => {
    expect(outsideOf(sql)).toEqual([false]);
  });
});
