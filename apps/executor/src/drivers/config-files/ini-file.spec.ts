import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { failure, onTexts } from './config-format-test-kit.js';
import { iniFile } from './ini-file.js';

const scope = { where: '/conf/odoo.conf', section: 'options' };

const ODOO = [
  '[options]',
  '; the shared pool',
  'admin_passwd = keep#me',
  'DB_Host = postgres-pool-2',
  'db_port: 5432  ',
  'db_user=odoo',
  'db_password = old=secret;#1',
  'addons_path = /opt/a,',
  '    /opt/b',
  '',
  '[queue_job]',
  'db_host = not this one',
].join('\n');

const { edit, read } = onTexts(iniFile, scope);

describe('an INI file', () => {
  it('is read as Python reads it: names without case, values with # and ;, continuation lines, one section', () => {
    expect(read(ODOO, 'db_host', 'db_port', 'DB_USER', 'db_password', 'addons_path', 'db_name')).toEqual({
      db_host: 'postgres-pool-2',
      db_port: '5432',
      DB_USER: 'odoo',
      db_password: 'old=secret;#1',
      addons_path: '/opt/a,\n/opt/b',
    });
  });

  it('keeps comments, order, delimiters, blanks and other sections when keys are edited [c12]', () => {
    const edited = edit(ODOO, { db_host: 'dedicated-7', db_port: '50123', db_user: 'acme', db_password: 'n%e w' });
    expect(edited).toBe(
      ODOO.replace('postgres-pool-2', 'dedicated-7')
        .replace('5432', '50123')
        .replace('db_user=odoo', 'db_user=acme')
        .replace('old=secret;#1', 'n%e w'),
    );
  });

  it('keeps CRLF, a byte order mark, a missing final newline and bytes that are not UTF-8', () => {
    const bytes = Buffer.from('\xef\xbb\xbf[options]\r\n# caf\xe9\r\ndb_host = a\r\ndb_name = \xe0\xa0', 'latin1');
    const edited = iniFile.edit(bytes, scope, [{ name: 'db_host', value: 'ü' }]);
    expect(edited.toString('latin1')).toBe(
      '\xef\xbb\xbf[options]\r\n# caf\xe9\r\ndb_host = \xc3\xbc\r\ndb_name = \xe0\xa0',
    );
  });

  it('replaces a value of several lines and keeps the comments between them', () => {
    const text = '[options]\ndb_host = a\n# why\n  b\n\n  c\nnext = 1\n';
    expect(read(text, 'db_host')).toEqual({ db_host: 'a\nb\nc' });
    expect(edit(text, { db_host: 'x' })).toBe('[options]\ndb_host = x\n# why\n\nnext = 1\n');
  });

  it('takes an indented header or key for a continuation, as Python does', () => {
    expect(read('[options]\na = 1\n  [other]\n  db_host = 2\n', 'a', 'db_host')).toEqual({
      a: '1\n[other]\ndb_host = 2',
    });
  });

  it('fills an empty value in the manner of its delimiter', () => {
    expect(edit('[options]\ndb_host =\ndb_user=\n', { db_host: 'x', db_user: 'y' })).toBe(
      '[options]\ndb_host = x\ndb_user=y\n',
    );
  });

  it('keeps the quotes of a quoted value', () => {
    expect(read('[options]\ndb_host = "a"\n', 'db_host')).toEqual({ db_host: 'a' });
    expect(edit('[options]\ndb_host = "a"\n', { db_host: 'b c' })).toBe('[options]\ndb_host = "b c"\n');
  });

  it('reads keys before the first section when the definition names none', () => {
    const bytes = Buffer.from('db_host = a\n[options]\ndb_host = b\n');
    expect([...iniFile.read(bytes, { where: 'x' }, ['db_host'])]).toEqual([['db_host', 'a']]);
  });

  it('refuses a named key that stands twice, with the lines', () => {
    const error = failure(() => read('[options]\ndb_host = a\nDB_HOST = b\n', 'db_host'));
    expect(error).toMatchObject({ code: 'CONFIG_FILE_UNREADABLE', facts: { lines: [2, 3], key: 'db_host' } });
  });

  it('does not mind other keys that stand twice', () => {
    expect(read('[options]\nx = a\nx = b\ndb_host = c', 'db_host')).toEqual({ db_host: 'c' });
  });

  it('refuses a key that is missing, and says what to do', () => {
    const error = failure(() => edit('[options]\n', { db_password: 'canary' }));
    expect(error.code).toBe('CONFIG_KEY_MISSING');
    expect(error.message).toContain('section [options] of /conf/odoo.conf does not set db_password; add the key');
    expect(error.message).not.toContain('canary');
  });

  it('writes a missing key below its neighbour, in the neighbour’s manner', () => {
    expect(edit('[options]\r\n\tdb_host : a', { db_port: '50123' }, 'db_host')).toBe(
      '[options]\r\n\tdb_host : a\r\n\tdb_port : 50123',
    );
    expect(edit('[options]\nh = a\n  b\nz = 1\n', { p: '1' }, 'h')).toBe('[options]\nh = a\n  b\np = 1\nz = 1\n');
  });

  it.each([
    ['a line break', 'a\nb = c'],
    ['NUL', 'a\0b'],
    ['white space at an end', 'canary '],
    ['a pair of quotes', '"canary"'],
    ['half a surrogate pair', 'a\ud800'],
  ])('refuses a value with %s, without telling it', (_, value) => {
    const error = failure(() => edit('[options]\ndb_password = x\n', { db_password: value }));
    expect(error.code).toBe('CONFIG_VALUE_UNWRITABLE');
    expect(error.message).not.toContain(value);
  });

  it('refuses a file that is not text of one byte per letter', () => {
    const utf16 = Buffer.from('[options]\ndb_host = a\n', 'utf16le');
    expect(failure(() => iniFile.read(utf16, scope, ['db_host'])).code).toBe('CONFIG_FILE_UNREADABLE');
  });
});

describe('any INI file', () => {
  const eol = fc.constantFrom('\n', '\r\n');
  const noise = fc.oneof(
    fc.constantFrom('', '# comment = 1', '; db_host = commented', '   ', 'flag', '[options]', 'x: "y"', 'é = ü'),
    fc.stringMatching(/^[a-c]{1,3} ?[=:] ?[ -~]{0,12}$/),
  );
  const value = fc
    .oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 20 }))
    .filter((text) => text === text.trim() && !/[\0\r\n]/.test(text) && !/^(["']).*\1$/s.test(text));
  const oldValue = fc.constantFrom('', 'a', 'pool-2', 'x = y', '"quoted"', 'ü;#');

  it('changes only the values of the edited keys, and reads them back', () => {
    fc.assert(
      fc.property(
        fc.array(noise, { maxLength: 5 }),
        fc.array(noise, { maxLength: 5 }),
        oldValue,
        value,
        eol,
        fc.boolean(),
        (above, below, old, next, lineEnd, finalNewline) => {
          fc.pre(!/^".*"$/.test(old) || !/["\\]/.test(next));
          const lines = (now: string): string =>
            ['[options]', ...above, `db_host = ${now}`, ...below].join(lineEnd) + (finalNewline ? lineEnd : '');
          const edited = edit(lines(old), { db_host: next });
          expect(edited).toBe(lines(old.startsWith('"') ? `"${next}"` : next));
          expect(read(edited, 'db_host')).toEqual({ db_host: next });
        },
      ),
      { numRuns: 400 },
    );
  });

  it('is never changed by an edit without edits, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
        const bytes = Buffer.from(array.filter((byte) => byte !== 0));
        expect(iniFile.edit(bytes, scope, []).equals(bytes)).toBe(true);
      }),
    );
  });

  it('keeps every other key of a file of many keys', () => {
    const keys = fc.uniqueArray(fc.stringMatching(/^[a-z_]{1,8}$/), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(
        keys,
        fc.array(value, { minLength: 8, maxLength: 8 }),
        value,
        fc.nat(),
        (names, values, next, pick) => {
          const text = ['[options]', ...names.map((name, index) => `${name} = ${values[index] ?? ''}`)].join('\n');
          const chosen = names[pick % names.length] ?? '';
          const before = read(text, ...names);
          expect(read(edit(text, { [chosen]: next }), ...names)).toEqual({ ...before, [chosen]: next });
        },
      ),
    );
  });
});

/** One value per file, as Python's own parser reads it, empty lines within left out; null where it refuses the file. */
const PYTHON_READER = `
import configparser, json, sys
answers = []
for text in json.load(sys.stdin):
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
        answers.append('\\n'.join(filter(None, parser.get('options', 'db_host', fallback='').split('\\n'))))
    except configparser.Error:
        answers.append(None)
print(json.dumps(answers))
`;

describe('an INI file beside Python', () => {
  const python = spawnSync('python3', ['--version']).status === 0;
  const line = fc.oneof(
    fc.constantFrom(
      '',
      '  ',
      '# c',
      '  ; c',
      ' [other]',
      '[other]',
      'db_user : x',
      '  more',
      '\tdb_host = deeper',
      'DB_HOST=a ; b',
    ),
    fc.constantFrom(
      'db_host = a',
      'db_host: b = c',
      'db_host =',
      '   db_host = indented',
      'port = 1 # x',
      '[options] # here',
    ),
  );
  const files = fc.array(line, { maxLength: 7 }).map((lines) => ['[options]', ...lines].join('\n'));

  (python ? it : it.skip)('is read alike, before and after an edit', () => {
    const samples = fc.sample(files, 500).map((text) => {
      try {
        return { before: text, value: read(text, 'db_host')['db_host'], after: edit(text, { db_host: 'new one' }) };
      } catch {
        return { before: text, value: undefined, after: undefined };
      }
    });
    const asked = samples.flatMap(({ before, after }) => [before, after ?? before]);
    const { stdout } = spawnSync('python3', ['-c', PYTHON_READER], { input: JSON.stringify(asked), encoding: 'utf8' });
    const answers = JSON.parse(stdout) as (string | null)[];
    for (const [index, sample] of samples.entries()) {
      const [before, after] = [answers[index * 2], answers[index * 2 + 1]];
      if (before === null) continue;
      expect({ file: sample.before, value: sample.value ?? '' }).toEqual({ file: sample.before, value: before });
      if (sample.after !== undefined)
        expect({ file: sample.after, after }).toEqual({ file: sample.after, after: 'new one' });
    }
    expect(answers.filter((answer) => answer !== null).length).toBeGreaterThan(50);
  });
});
