import { describe, expect, test } from '@jest/globals';
import { parseAclItem } from './catalogue/acl.js';
import { grantStatements } from './grants.js';

const acl = (...texts: string[]) => texts.map(parseAclItem);

describe('grants of one object', () => {
  test('need no statement when they agree, in whatever order they come', () => {
    const current = acl('o=r/o', 'a=r/o');
    expect(grantStatements({ on: 'table "t"', owner: 'o', current, desired: [...current].reverse() })).toEqual([]);
  });

  test('are taken away and given anew, by their grantors, those first that make others possible', () => {
    const statements = grantStatements({
      on: 'table "t"',
      owner: 'o',
      current: acl('=r/o'),
      desired: acl('c=w/b', 'b=w*/o', 'o=rw/o'),
    });
    expect(statements).toEqual([
      'revoke all on table "t" from public cascade',
      'grant update on table "t" to "b" with grant option',
      'grant select, update on table "t" to "o"',
      'set role "b"',
      'grant update on table "t" to "c"',
      'reset role',
    ]);
  });

  test('of a column name it in every privilege', () => {
    const change = { on: 'table "t"', owner: 'o', column: '"größe"', current: acl('a=r/o'), desired: acl('a=rw/o') };
    expect(grantStatements(change)).toEqual([
      'revoke all ("größe") on table "t" from "a" cascade',
      'grant select ("größe"), update ("größe") on table "t" to "a"',
    ]);
  });
});
