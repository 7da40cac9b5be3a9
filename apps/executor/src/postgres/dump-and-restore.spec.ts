import { describe, expect, test } from '@jest/globals';
import { aboutSchemas, restorePasses, selectItems } from './dump-and-restore.js';
import { databaseArgument } from './run-tool.js';

const LIST = [
  '; Archive created at 2026-11-21',
  '11; 2615 19253 SCHEMA - a owner',
  '12; 2615 19254 SCHEMA - a b owner',
  '3842; 0 0 COMMENT - SCHEMA a owner',
  '2; 3079 18938 EXTENSION - citext ',
  '3845; 0 0 COMMENT - EXTENSION citext ',
  '200; 1259 19300 TABLE a SCHEMA - a owner',
];

describe('the list of an archive', () => {
  test('loses what stands at the target already, and nothing else', () => {
    const { entries, items } = selectItems(LIST.join('\n'), { schemas: ['a'], extensions: ['citext'] });
    expect(entries).toEqual([LIST[2], LIST[3], LIST[5], LIST[6]]);
    expect(items).toBe(4);
  });

  test('loses the comments of extensions where another role than the administrator restores', () => {
    const list = '3652; 0 0 COMMENT - EXTENSION pg_trgm \n3653; 0 0 COMMENT public TABLE t acme';
    const present = { schemas: [], extensions: [] };
    expect(selectItems(list, present).items).toBe(2);
    expect(selectItems(list, present, true).entries).toEqual(['3653; 0 0 COMMENT public TABLE t acme']);
  });

  test('stays whole when nothing stands there', () => {
    expect(selectItems(LIST.join('\n'), { schemas: [], extensions: [] }).items).toBe(6);
  });
});

describe('the passes of a restore', () => {
  test('bring comments and labels of the chosen schemas, which lie in none of them', () => {
    const label = '3843; 0 0 SECURITY LABEL - SCHEMA "a b" owner';
    const comment = '3841; 0 0 COMMENT - SCHEMA "a b" owner';
    const list = [...LIST, comment, label].join('\n');
    expect(aboutSchemas(list, ['a'])).toEqual([{ entries: [LIST[3]], jobs: 1, scope: { schemas: [] } }]);
    expect(aboutSchemas(list, ['a b']).flatMap(({ entries }) => entries)).toEqual([comment, label]);
    expect([aboutSchemas(list), aboutSchemas(list, ['c'])]).toEqual([[], []]);
  });

  const table = '200; 1259 19300 TABLE a ACL owner';
  const grants = [
    '3782; 0 0 ACL - SCHEMA a owner',
    '3783; 0 0 ACL a COLUMN t.name owner',
    '9; 826 1 DEFAULT ACL a x owner',
  ];
  const after = [
    '300; 0 19400 MATERIALIZED VIEW DATA a seen owner',
    '301; 3466 19401 EVENT TRIGGER - watch owner',
    '302; 0 0 COMMENT - EVENT TRIGGER watch owner',
  ];

  test('give grants one after the other, between the objects and what needs the grants', () => {
    const [first = '', second = ''] = after;
    expect(restorePasses([first, ...grants, table, second, ...after.slice(2)], 4)).toEqual([
      { entries: [table], jobs: 4 },
      { entries: grants, jobs: 1 },
      { entries: after, jobs: 4 },
    ]);
  });

  test('are as many as there is something to restore', () => {
    expect(restorePasses([table], 2)).toEqual([{ entries: [table], jobs: 2 }]);
    expect(restorePasses([], 2)).toEqual([]);
  });
});

describe('the name of a database in arguments', () => {
  test.each([
    ['acme', `--dbname=dbname='acme'`],
    ['a=b', `--dbname=dbname='a=b'`],
    ['postgres://x', `--dbname=dbname='postgres://x'`],
    [`it's \\`, `--dbname=dbname='it\\'s \\\\'`],
  ])('is never taken for a connection string: %s', (name, argument) => {
    expect(databaseArgument(name)).toBe(argument);
  });
});
