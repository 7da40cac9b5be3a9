import { beforeAll, describe, expect, it } from '@jest/globals';
import { reachesBeyondDatabase } from './beyond-database.js';
import { parserReady } from './parse-sql.js';
import { splitSql } from './split-sql.js';

beforeAll(parserReady);

function reach(sql: string): boolean[] {
  const { statements, problems } = splitSql('migrations/shop/0001_a.up.sql', sql);
  expect(problems).toEqual([]);
  return statements.map(reachesBeyondDatabase);
}

describe('a statement', () => {
  it.each([
    'create role reader',
    'alter role reader login',
    `alter role reader in database shop set search_path = 'a'`,
    'drop role reader',
    'grant reader to shop_app',
    'reassign owned by reader to shop_app',
    'drop owned by reader',
    'create database other',
    `alter database shop set timezone = 'UTC'`,
    'alter database shop owner to reader',
    'alter database shop rename to other',
    'drop database other',
    `comment on database shop is 'of the shop'`,
    'grant connect on database shop to reader',
    `alter system set work_mem = '8MB'`,
    `create subscription s connection 'host=a' publication p`,
    `do $$ begin execute 'alter role reader login'; end $$`,
    'do $$ begin if true then grant connect on database shop to reader; end if; end $$',
  ])('changes more than its database: %s', (sql) => {
    expect(reach(sql)).toEqual([true]);
  });

  it.each([
    'create table orders (id int)',
    'alter table orders rename to purchases',
    `comment on table orders is 'of the shop'`,
    'grant select on orders to reader',
    'grant usage on schema app to reader',
    'alter table orders owner to reader',
    'alter default privileges in schema app grant select on tables to reader',
    `do $$ begin perform 1; end $$`,
  ])('stays in its database: %s', (sql) => {
    expect(reach(sql)).toEqual([false]);
  });
});
