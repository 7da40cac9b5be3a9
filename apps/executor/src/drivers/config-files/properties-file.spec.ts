import { parse } from 'dot-properties';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { failure, onTexts } from './config-format-test-kit.js';
import { propertiesFile } from './properties-file.js';

const scope = { where: '/srv/app/application.properties' };

const QUARKUS = [
  '# connection',
  'quarkus.datasource.db-kind=postgresql',
  '! the pool',
  '  quarkus.datasource.jdbc.url : jdbc:postgresql://pool-2:5432/\\',
  '      odoo_acme?currentSchema=core',
  'quarkus.datasource.username odoo',
  'quarkus.datasource.password = old\\u0020secret\\\\ ',
  '%dev.quarkus.datasource.username=dev',
  'empty',
].join('\n');

const { edit, read } = onTexts(propertiesFile, scope);

describe('a .properties file', () => {
  it('is read as Java reads it: separators, escapes, comments, continued lines', () => {
    const prefix = 'quarkus.datasource';
    expect(
      read(
        QUARKUS,
        `${prefix}.jdbc.url`,
        `${prefix}.username`,
        `${prefix}.password`,
        `%dev.${prefix}.username`,
        'empty',
        'none',
      ),
    ).toEqual({
      'quarkus.datasource.jdbc.url': 'jdbc:postgresql://pool-2:5432/odoo_acme?currentSchema=core',
      'quarkus.datasource.username': 'odoo',
      'quarkus.datasource.password': 'old secret\\ ',
      '%dev.quarkus.datasource.username': 'dev',
      empty: '',
    });
  });

  it('keeps comments, order, separators and other profiles when keys are edited [c12]', () => {
    const edited = edit(QUARKUS, {
      'quarkus.datasource.jdbc.url': 'jdbc:postgresql://dedicated-7:50123/odoo_acme?currentSchema=core',
      'quarkus.datasource.username': 'acme',
      'quarkus.datasource.password': ' p:w=ü\\#! ',
      empty: 'x',
    });
    expect(edited).toBe(
      QUARKUS.replace(
        /jdbc:postgresql[^?]*\?currentSchema=core/,
        'jdbc:postgresql://dedicated-7:50123/odoo_acme?currentSchema=core',
      )
        .replace('username odoo', 'username acme')
        .replace('old\\u0020secret\\\\ ', '\\u0020p:w=\\u00fc\\\\#!\\u0020')
        .replace('\nempty', '\nempty=x'),
    );
  });

  it('keeps ISO-8859-1 and UTF-8 as found, and writes what both read alike', () => {
    const latin1 = Buffer.from('# caf\xe9\r\nhost=a\r\nuser=\xe9\r\n', 'latin1');
    const edited = propertiesFile.edit(latin1, scope, [{ name: 'host', value: 'hé' }]);
    expect(edited.toString('latin1')).toBe('# caf\xe9\r\nhost=h\\u00e9\r\nuser=\xe9\r\n');
    expect(propertiesFile.read(latin1, scope, ['user']).get('user')).toBe('é');
    const utf8 = '\uFEFFuser=é\n# café\nhost=a';
    expect(read(utf8, 'user')).toEqual({ user: 'é' });
    expect(edit(utf8, { host: 'b' })).toBe('\uFEFFuser=é\n# café\nhost=b');
  });

  it('fills an empty value in the manner of its separator', () => {
    expect(edit('a =\nb=\nc:\n', { a: '1', b: '2', c: '3' })).toBe('a = 1\nb=2\nc:3\n');
  });

  it('writes a missing key below its neighbour, in the neighbour’s manner', () => {
    expect(edit('  db.host : a\\\r\n    b\r\nz=1', { 'db.port': '50123' }, 'db.host')).toBe(
      '  db.host : a\\\r\n    b\r\n  db.port : 50123\r\nz=1',
    );
  });

  it('refuses a named key that stands twice, with the lines, and one that is missing', () => {
    expect(failure(() => read('a=1\n\nb=2\na 3\n', 'a'))).toMatchObject({
      code: 'CONFIG_FILE_UNREADABLE',
      facts: { lines: [1, 4] },
    });
    expect(read('a=1\na=2\nb=3', 'b')).toEqual({ b: '3' });
    expect(failure(() => edit('a=1\n', { b: 'canary' })).code).toBe('CONFIG_KEY_MISSING');
  });

  it('refuses to put a secret where a placeholder stands, and a value that would become one', () => {
    const error = failure(() => read('password=${DB_PASSWORD:canary}\n', 'password'));
    expect(error.code).toBe('CONFIG_FILE_UNREADABLE');
    expect(error.message).not.toContain('canary');
    expect(failure(() => edit('a=1\n', { a: 'canary${x}' })).code).toBe('CONFIG_VALUE_UNWRITABLE');
    expect(failure(() => edit('a=1\n', { a: 'x\nb=2' })).code).toBe('CONFIG_VALUE_UNWRITABLE');
  });
});

describe('any .properties file', () => {
  const value = fc
    .oneof(
      fc.string({ maxLength: 20 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.stringMatching(/^[\\ :=#!\t]{0,8}$/),
    )
    .filter((text) => text.isWellFormed() && !/[\0\r\n]/.test(text) && !text.includes('${'));
  const noise = fc.constantFrom('', '# A=1', '! A:2', 'B = 2', 'C\\ D: x', 'E=long\\', 'A.B=é', 'flag', '  \t');
  const lines = fc
    .array(noise, { maxLength: 4 })
    .map((list) => list.filter((line, index) => line !== 'E=long\\' || index > 0));
  const old = fc.constantFrom('', 'a', 'x = y', 'one\\\n   two', '\\u00e9');

  it('changes only the value of the edited key, reads it back, and all others read as before', () => {
    fc.assert(
      fc.property(
        lines,
        lines,
        old,
        fc.constantFrom('=', ' : ', '\t'),
        value,
        (above, below, before, separator, next) => {
          const head = [...above, '', ''].join('\n') + `A${separator}`;
          const rest = ['', ...below].join('\n');
          const text = head + before + rest;
          const edited = edit(text, { A: next });
          expect(edited.startsWith(head)).toBe(true);
          expect(edited.endsWith(rest)).toBe(true);
          expect(read(edited, 'A')).toEqual({ A: next });
          expect({ ...parse(edited), A: null }).toEqual({ ...parse(text), A: null });
          expect(edit(edited, { A: next })).toBe(edited);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('is never changed by an edit without edits, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
        const bytes = Buffer.from(array.filter((byte) => byte !== 0));
        expect(propertiesFile.edit(bytes, scope, []).equals(bytes)).toBe(true);
      }),
    );
  });
});
