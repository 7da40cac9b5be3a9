import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { failure, onTexts } from './config-format-test-kit.js';
import { yamlFile } from './yaml-file.js';

const scope = { where: '/srv/app/application.yml' };

const SPRING = `# connection
spring:
  datasource: # the pool
    url: jdbc:postgresql://pool-2:5432/odoo_acme?currentSchema=core   # shared
    username: "odoo"
    password: 'it''s old'
  jpa: &jpa
    show-sql: false
other: *jpa
pool: { host: pool-2, port: 5432 }
server.port: 8080
db:
  host: pool-2
  port:
---
spring:
  config: { activate: { on-profile: test } }
`;

const ALIASED = `main: &main { url: &url pool-2, port: 5432 }
replica: *url
spare: *main
plain: pool-2
defaults: &defaults
  host: pool-2
production:
  <<: *defaults
`;

const { edit, read } = onTexts(yamlFile, scope);

describe('a value with an anchor', () => {
  it('is not edited where a key that nobody named has an alias of it, or of what holds it', () => {
    expect(failure(() => edit(ALIASED, { 'main.url': 'dedicated-7' }))).toMatchObject({
      code: 'CONFIG_VALUE_UNWRITABLE',
    });
    expect(failure(() => edit(ALIASED, { 'main.port': '6432' })).message).toContain('line 3 has an alias of it');
    expect(edit(ALIASED, { 'main.url': 'pool-2', plain: 'dedicated-7' })).toBe(
      ALIASED.replace('plain: pool-2', 'plain: dedicated-7'),
    );
  });

  it('is edited for all that merge it: that is what a default is for', () => {
    expect(edit(ALIASED, { 'defaults.host': 'dedicated-7' })).toBe(
      ALIASED.replace('  host: pool-2', '  host: dedicated-7'),
    );
  });
});

describe('a YAML file', () => {
  it('is read by paths with dots or slashes, a key with dots counted as a path', () => {
    const names = ['spring.datasource.url', '/spring/datasource/username', 'spring.datasource.password', 'pool.port'];
    expect(read(SPRING, ...names, 'server.port', 'db.port', 'db.user')).toEqual({
      'spring.datasource.url': 'jdbc:postgresql://pool-2:5432/odoo_acme?currentSchema=core',
      '/spring/datasource/username': 'odoo',
      'spring.datasource.password': "it's old",
      'pool.port': '5432',
      'server.port': '8080',
      'db.port': '',
    });
    expect(read('databases:\n  - host: a\n  - host: b\n', '/databases/1/host')).toEqual({ '/databases/1/host': 'b' });
  });

  it('keeps comments, anchors, quotes, blanks and other documents when keys are edited [c12]', () => {
    const edited = edit(SPRING, {
      'spring.datasource.url': 'jdbc:postgresql://dedicated-7:50123/odoo_acme?currentSchema=core',
      'spring.datasource.username': 'ac"me',
      'spring.datasource.password': "it's: new #1",
      'pool.host': 'dedicated-7',
      'pool.port': '50123',
      'db.host': 'yes',
      'db.port': 'x',
    });
    expect(edited).toBe(
      SPRING.replace('//pool-2:5432/', '//dedicated-7:50123/')
        .replace('"odoo"', '"ac\\"me"')
        .replace("'it''s old'", "'it''s: new #1'")
        .replace('{ host: pool-2, port: 5432 }', '{ host: dedicated-7, port: 50123 }')
        .replace('  host: pool-2', "  host: 'yes'")
        .replace('  port:\n', '  port: x\n'),
    );
  });

  it('keeps CRLF, a byte order mark and a missing final newline', () => {
    expect(edit('\uFEFFdb:\r\n  host: a # ü\r\n  user: b', { 'db.host': 'ü', 'db.user': 'c' })).toBe(
      "\uFEFFdb:\r\n  host: 'ü' # ü\r\n  user: c",
    );
  });

  it('keeps a text a text for readers of YAML 1.1 too', () => {
    for (const value of [
      'yes',
      'no',
      'null',
      '~',
      '0123',
      '1e3',
      '12:30',
      '2026-01-01',
      'a: b',
      'a #b',
      '- a',
      '',
      'true',
    ])
      expect(edit('a: x\n', { a: value })).toBe(`a: '${value}'\n`);
    expect(edit('a: x\n', { a: 'canary\u0007' })).toBe('a: "canary\\u0007"\n');
    expect(edit('{a: x, b: y}', { a: 'p,q' })).toBe("{a: 'p,q', b: y}");
  });

  it('writes a missing port below its host, as a number', () => {
    expect(edit('db:\r\n  - host: a # c\r\n    user: b', { '/db/0/port': '50123' }, '/db/0/host')).toBe(
      'db:\r\n  - host: a # c\r\n    port: 50123\r\n    user: b',
    );
    expect(edit('pool: {host: a}\n', { 'pool.port': '50123' }, 'pool.host')).toBe('pool: {host: a, port: 50123}\n');
    expect(edit('pool.host: a', { 'pool.port': '1' }, 'pool.host')).toBe('pool.host: a\npool.port: 1');
    expect(failure(() => edit('a:\n  host: a\n', { 'b.port': '1' }, 'a.host')).code).toBe('CONFIG_KEY_MISSING');
  });

  it('takes a named document by its number, and refuses to choose between two', () => {
    const text = 'db: {host: a}\n---\ndb: {host: b}\n';
    expect(failure(() => read(text, 'db.host'))).toMatchObject({ facts: { lines: [1, 3] } });
    const edited = yamlFile.edit(Buffer.from(text), { ...scope, section: '2' }, [{ name: 'db.host', value: 'c' }]);
    expect(edited.toString()).toBe('db: {host: a}\n---\ndb: {host: c}\n');
    expect(failure(() => yamlFile.read(Buffer.from(text), { ...scope, section: '3' }, [])).code).toBe(
      'CONFIG_FILE_UNREADABLE',
    );
  });

  it.each([
    ['an alias', 'x: &x canary\na: *x\n', 'write its value out there'],
    ['a block', 'a: |-\n  canary\n', 'write it on one line'],
    ['a map', 'a: {b: canary}\n', 'no single value'],
    ['a placeholder', 'a: ${A:canary}\n', 'takes a from elsewhere'],
    ['a key twice', 'a: canary\na: canary\n', 'lines 1, 2'],
    ['no YAML', 'a: "canary\n', 'is not YAML'],
  ])('refuses %s, without telling any of it', (_, text, reason) => {
    const error = failure(() => read(text, 'a'));
    expect(error.code).toBe('CONFIG_FILE_UNREADABLE');
    expect(error.message).toContain(reason);
    expect(error.message).not.toContain('canary');
  });

  it('refuses a missing key and values that it cannot hold', () => {
    expect(failure(() => edit('a: 1\n', { b: 'canary' })).code).toBe('CONFIG_KEY_MISSING');
    for (const value of ['canary\nb: 2', 'canary${x}'])
      expect(failure(() => edit('a: 1\n', { a: value })).code).toBe('CONFIG_VALUE_UNWRITABLE');
  });
});

describe('any YAML file', () => {
  const value = fc
    .oneof(
      fc.string({ maxLength: 20 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.stringMatching(/^[-'":#{}\[\],&*!|>% a1]{0,8}$/),
    )
    .filter((text) => text.isWellFormed() && !/[\0\r\n]/.test(text) && !text.includes('${'));
  const old = fc.constantFrom('', 'a', "'b'", '"c"', '5432', '~', '# note', "'b' # note", '&anchor d');
  const noise = fc.constantFrom(
    '',
    '# c',
    'x: 1',
    'y: {a: 1, b: [2, "3"]}',
    "z: 'q'  # c",
    'l:\n  - 1\n  - a: b',
    't: |\n  two\n   lines',
  );
  const lines = fc.uniqueArray(noise, { maxLength: 5 });

  it('changes only the value of the edited key, reads it back, and all others read as before', () => {
    fc.assert(
      fc.property(lines, lines, old, value, (above, below, before, next) => {
        const unique = below.filter((line) => !above.includes(line));
        const text = [...above, `db:\n  host: ${before}\n  user: u`, ...unique, ''].join('\n');
        const edited = edit(text, { 'db.host': next });
        const head = [...above, 'db:\n  host:'].join('\n');
        const rest = ['\n  user: u', ...unique, ''].join('\n');
        expect(edited.startsWith(head)).toBe(true);
        expect(edited.endsWith((before.includes('# note') ? '# note' : '') + rest)).toBe(true);
        expect(read(edited, 'db.host')).toEqual({ 'db.host': next });
        for (const version of ['1.1', '1.2'] as const) {
          const meaning = (of: string): unknown => {
            const [document] = parseAllDocuments(of, { version });
            const host: unknown = document?.getIn(['db', 'host']);
            document?.setIn(['db', 'host'], null);
            // A number stays one, as a port must; a text that looks like a number is quoted.
            const told = isNumber(before) ? String(host) : host;
            return { host: of === edited ? told : next, rest: document?.toJS() as unknown };
          };
          expect(meaning(edited)).toEqual(meaning(text));
        }
        expect(edit(edited, { 'db.host': next })).toBe(edited);
      }),
      { numRuns: 300 },
    );
  });

  it('is never changed by an edit without edits', () => {
    fc.assert(
      fc.property(lines, fc.constantFrom('\n', '\r\n'), (list, eol) => {
        const text = list.join(eol);
        expect(edit(text, {})).toBe(text);
      }),
    );
  });
});

function isNumber(text: string): boolean {
  return /^\d+/.test(text);
}
