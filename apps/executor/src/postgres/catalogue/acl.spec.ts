import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatAcl, mapAcl, parseAclItem } from './acl.js';

const same = (role: string): string => role;

describe('an access list', () => {
  test.each([
    ['acme=arw/postgres', { grantee: 'acme', privileges: ['a', 'r', 'w'], grantor: 'postgres' }],
    ['=Tc/acme', { grantee: '', privileges: ['T', 'c'], grantor: 'acme' }],
    ['app=r*w/acme', { grantee: 'app', privileges: ['r*', 'w'], grantor: 'acme' }],
    ['"Own ""er"""=U/"a=b/c"', { grantee: 'Own "er"', privileges: ['U'], grantor: 'a=b/c' }],
  ])('is read as PostgreSQL prints it: %s', (text, item) => {
    expect(parseAclItem(text)).toEqual(item);
  });

  test('refuses what is none', () => {
    expect(() => parseAclItem('nothing')).toThrow(RangeError);
    expect(() => parseAclItem('"open')).toThrow(RangeError);
  });

  test('reads back every name it may hold', () => {
    const name = fc.string({ minLength: 1, maxLength: 30 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(name, name, (grantee, grantor) => {
        const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        expect(parseAclItem(`${quote(grantee)}=r/${quote(grantor)}`)).toEqual({ grantee, grantor, privileges: ['r'] });
      }),
    );
  });

  test('merges what becomes one role, the right to pass on winning', () => {
    const items = ['acme=r/acme', 'app=r*w/acme'].map(parseAclItem);
    expect(formatAcl(mapAcl(items, () => 'one'))).toBe('one=r*w/one');
  });

  test('is written alike in whatever order it was granted', () => {
    const items = ['b=r/o', '=w/o', 'a=rw/o'].map(parseAclItem);
    expect(formatAcl(mapAcl(items, same))).toBe(formatAcl(mapAcl([...items].reverse(), same)));
    expect(formatAcl(mapAcl(items, same))).toBe('PUBLIC=w/o, a=rw/o, b=r/o');
  });
});
