import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { failure, onTexts } from './config-format-test-kit.js';
import { envFile } from './env-file.js';

const scope = { where: '/srv/app/.env' };

const DOTENV = [
  '# connection',
  'export DB_HOST=pool-2   # shared',
  "DB_USER='odoo'",
  'DB_PASSWORD="old \\"secret\\" # 1"',
  '  DB_PORT = 5432',
  'MOTD="two',
  'DB_HOST=inside',
  'lines"',
  'EMPTY=',
].join('\n');

const { edit, read } = onTexts(envFile, scope);

describe('a .env file', () => {
  it('is read with export, quotes, comments and values of several lines', () => {
    expect(read(DOTENV, 'DB_HOST', 'DB_USER', 'DB_PASSWORD', 'DB_PORT', 'MOTD', 'EMPTY', 'NONE')).toEqual({
      DB_HOST: 'pool-2',
      DB_USER: 'odoo',
      DB_PASSWORD: 'old "secret" # 1',
      DB_PORT: '5432',
      MOTD: 'two\nDB_HOST=inside\nlines',
      EMPTY: '',
    });
  });

  it('keeps comments, order, quoting and blanks when keys are edited [c12]', () => {
    expect(
      edit(DOTENV, { DB_HOST: 'dedicated-7', DB_USER: 'acme', DB_PASSWORD: 'new', DB_PORT: '1', EMPTY: 'x' }),
    ).toBe(
      DOTENV.replace('pool-2', 'dedicated-7')
        .replace("'odoo'", "'acme'")
        .replace('"old \\"secret\\" # 1"', '"new"')
        .replace('5432', '1')
        .replace('EMPTY=', 'EMPTY=x'),
    );
  });

  it('knows names with regard to case', () => {
    expect(read('db_host=a\nDB_HOST=b\n', 'DB_HOST')).toEqual({ DB_HOST: 'b' });
  });

  it('puts quotes around a value that needs them, those of the file first', () => {
    expect(edit('A=1\nB="x"\n', { A: 'two words' })).toBe('A="two words"\nB="x"\n');
    expect(edit("A=1\nB='x'\n", { A: 'two words' })).toBe("A='two words'\nB='x'\n");
    expect(edit('A=1\nB="x"\n', { A: '$HOME `id`' })).toBe('A=\'$HOME `id`\'\nB="x"\n');
  });

  it('keeps a comment behind an empty value apart from the new one', () => {
    expect(edit('A=# none\n', { A: 'x' })).toBe('A=x # none\n');
  });

  it('refuses a named key that stands twice, and one that is missing', () => {
    expect(failure(() => read('A=1\nexport A=2\n', 'A')).code).toBe('CONFIG_FILE_UNREADABLE');
    expect(failure(() => edit('A=1\n', { B: 'x' })).code).toBe('CONFIG_KEY_MISSING');
  });

  it('refuses to guess what text behind a closing quote means', () => {
    expect(failure(() => edit("A='it'\\''s'\n", { A: 'x' })).code).toBe('CONFIG_FILE_UNREADABLE');
  });

  it('refuses a value of several lines', () => {
    expect(failure(() => edit('A=1\n', { A: 'x\nB=2' })).code).toBe('CONFIG_VALUE_UNWRITABLE');
  });

  it('writes a missing key below its neighbour, in the neighbour’s manner', () => {
    expect(edit('export DB_HOST="a" # c\r\nZ=1', { DB_PORT: '50123' }, 'DB_HOST')).toBe(
      'export DB_HOST="a" # c\r\nexport DB_PORT="50123"\r\nZ=1',
    );
  });
});

describe('any .env file', () => {
  const value = fc
    .oneof(
      fc.string({ maxLength: 20 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.stringMatching(/^['"\\$`# a]{0,8}$/),
    )
    .filter((text) => !/[\0\r\n]/.test(text));
  const quoted = fc.constantFrom('a', '', "'a b'", '"a b"', 'a # note', '"a" # note', "'' # note");
  const noise = fc.constantFrom('', '# A=1', 'B=2', 'export C="x y"', "D='#'", 'not an assignment', 'E="two\nlines"');
  const lines = fc.array(noise, { maxLength: 4 });

  it('changes only the values of the edited keys, and reads them back', () => {
    fc.assert(
      fc.property(lines, lines, quoted, value, fc.constantFrom('\n', '\r\n'), (above, below, old, next, eol) => {
        const text = [...above, `A=${old}`, ...below].join(eol);
        const edited = edit(text, { A: next });
        const head = [...above, 'A='].join(eol);
        const rest = (old.includes(' # note') ? ' # note' : '') + ['', ...below].join(eol);
        expect(edited.startsWith(head)).toBe(true);
        expect(edited.endsWith(rest)).toBe(true);
        expect(read(edited, 'A')).toEqual({ A: next });
      }),
      { numRuns: 400 },
    );
  });

  it('means the same to a shell', () => {
    const samples = fc.sample(value, 60);
    const script = samples.map((sample) => `${edit('A=1', { A: sample })}\nprintf '%s\\0' "$A"\n`).join('');
    const { stdout } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8', env: {} });
    expect(stdout.split('\0').slice(0, -1)).toEqual(samples.map((sample) => Buffer.from(sample).toString()));
  });

  it('is never changed by an edit without edits, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
        const bytes = Buffer.from(array.filter((byte) => byte !== 0));
        expect(envFile.edit(bytes, scope, []).equals(bytes)).toBe(true);
      }),
    );
  });
});
