import { beforeAll, describe, expect, it } from '@jest/globals';
import { parserReady } from './parse-sql.js';
import { splitSql } from './split-sql.js';
import { touchedRelations, type TouchedByScript } from './touched-relations.js';

beforeAll(parserReady);

function touchedBy(sql: string): TouchedByScript {
  const { statements, problems } = splitSql('a.sql', sql);
  expect(problems).toEqual([]);
  return touchedRelations(statements);
}

function tables(sql: string): string[] {
  return touchedBy(sql)
    .touched.filter(({ kind }) => kind === 'table')
    .map(({ name }) => name);
}

describe('the body of a block or function', () => {
  const mentioned = (sql: string): string[] => touchedBy(sql).touched.map(({ name, kind }) => `${kind} ${name}`);

  it.each([
    ['do $$ begin insert into a select * from b; end $$', ['table a', 'table b']],
    ["do $$ begin execute 'drop table a'; end $$", ['table a']],
    [
      'do $$ declare r record; n int := (select 1 from a); begin for r in select * from b loop perform 1 from c; end loop; n := (select 2 from d); end $$',
      ['table a', 'table b', 'table c', 'table d'],
    ],
    ['do $$ declare n int; begin select x into n from a; end $$', ['table a']],
    ['do $$ begin create temp table a (x int); insert into a values (1); end $$', []],
    [
      'create function f() returns int language sql as $$ select x from a join b using (x) $$',
      ['mentioned a', 'mentioned b'],
    ],
    [
      "create function f() returns setof int language plpgsql as $$ begin return query execute 'select x from a'; end $$",
      ['mentioned a'],
    ],
    ['create function f() returns int language sql as $$ with a as (select 1) select * from a $$', []],
    ['create procedure p() language plpgsql as $$ begin delete from a; commit; end $$', ['mentioned a']],
    ['create function f() returns int language sql as $$ select 1 from a $$; alter table a add x int', ['table a']],
  ])('names what it works on: %s', (sql, expected) => {
    expect(mentioned(sql).sort()).toEqual(expected);
  });

  it('of a block makes tables, that of a function does not', () => {
    expect(touchedBy('do $$ begin create table a (x int); end $$').creates).toEqual(['a']);
    const later = 'create function f() returns void language plpgsql as $$ begin create table a (x int); end $$';
    expect(touchedBy(later).creates).toEqual([]);
  });
});

describe('the tables that a script touches', () => {
  it.each([
    ['create table a (id int references b, x int, foreign key (x) references audit.c)', ['a', 'b', 'audit.c']],
    ['alter table a add constraint k foreign key (id) references b (id)', ['a', 'b']],
    ['alter table a attach partition p for values in (1)', ['a', 'p']],
    ['create table a (like b including all) inherits (c)', ['a', 'c', 'b']],
    ['create index i on a (x)', ['a']],
    ['create view v as select * from a join b using (id)', ['a', 'b']],
    ['create materialized view v as select * from a', ['a']],
    ['create trigger t before insert on a for each row execute function f()', ['a']],
    ['drop trigger t on a', ['a']],
    ['create policy p on a', ['a']],
    ['alter sequence s owned by a.id', ['a']],
    ['create sequence s owned by audit.a.id', ['audit.a']],
    ['insert into a select * from b', ['a', 'b']],
    ['update a set x = 1 from b where exists (select from c)', ['a', 'c', 'b']],
    ['delete from a using b', ['a', 'b']],
    ['merge into a using b on true when matched then delete', ['a', 'b']],
    ['truncate a, b', ['a', 'b']],
    ['lock table a', ['a']],
    ['drop table a, audit.b', ['a', 'audit.b']],
    ['alter table a rename to b', ['a']],
    ["comment on table a is ''", ['a']],
    ["comment on column audit.a.x is ''", ['audit.a']],
    ["comment on constraint k on a is ''", ['a']],
    ['grant select on a, b to reader', ['a', 'b']],
    ['analyze a', ['a']],
    ['create publication p for table a', ['a']],
    ['create function f() returns int begin atomic select x from a; end', ['a']],
    ['create rule r as on insert to a do also insert into b values (1)', ['a', 'b']],
  ])('%s', (sql, expected) => {
    expect(tables(sql)).toEqual(expect.arrayContaining(expected));
    expect(tables(sql)).toHaveLength(expected.length);
  });

  it.each([
    'select nextval(1)',
    'drop index i',
    'alter index i rename to j',
    'drop view v',
    'create sequence s',
    'grant usage on sequence s to reader',
    'create type pair as (a int, b int)',
    'select * from pg_class, information_schema.tables, pg_catalog.pg_index',
    'refresh materialized view v',
    'grant select on all tables in schema public to reader',
    'do $$ begin perform 1; end $$',
  ])('are none in: %s', (sql) => {
    expect(tables(sql)).toEqual([]);
  });

  it('are told apart from common table expressions, scope by scope', () => {
    expect(tables('with x as (select * from a), y as (select * from x) select * from y, b')).toEqual(['a', 'b']);
    expect(tables('with recursive x as (select * from x) select * from x')).toEqual([]);
    expect(tables('with x as (select * from x) select * from x')).toEqual(['x']);
    expect(tables('with x as (select 1) insert into x select * from x')).toEqual(['x']);
    expect(tables('select * from (with x as (select 1) select * from x) s, x')).toEqual(['x']);
    expect(tables('with x as (select 1) select * from audit.x')).toEqual(['audit.x']);
  });

  it('are told apart from what only the session has', () => {
    expect(tables('create temp table t (a int); insert into t select * from a; select * into temp u from t')).toEqual([
      'a',
    ]);
  });

  it('are told with the line of their first mention', () => {
    expect(touchedBy('select 1;\n\nselect * from a;\nselect * from a').touched).toEqual([
      { name: 'a', kind: 'table', line: 3 },
    ]);
  });
});

describe('what a script creates', () => {
  it('is what stands there when it is through', () => {
    const { creates } = touchedBy(`
      create table a (id int); create table b (id int); create table c as select 1;
      drop table b; alter table a rename to d; alter table old rename to new;
      create table e (id int); alter table e set schema audit;
      create schema s create table f (id int);
      create temp table g (id int); create unlogged table h (id int); select 1 into i;`);
    expect(creates).toEqual(['c', 'd', 'new', 'audit.e', 'f', 'h', 'i']);
  });

  it('knows apart what lives where its table lives', () => {
    const { makes, creates } = touchedBy(`
      create view v as select 1; create materialized view m as select 1; create index i on t (a);
      create sequence s; create table p partition of t default; create temp view w as select 1;`);
    expect(makes).toEqual(['v', 'm', 'i', 's', 'p']);
    expect(creates).toEqual(['p']);
  });
});
