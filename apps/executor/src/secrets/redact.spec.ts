import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REDACTED, Redactor } from './redact.js';

const SECRET = `p"a's$s w\\rd/ü+%`;

function redactorOf(...secrets: string[]): Redactor {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

describe('the redactor', () => {
  it.each([
    ['plain', SECRET],
    ['URL-encoded', encodeURIComponent(SECRET)],
    ['URL-encoded in lower case', encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase())],
    ['form-encoded', new URLSearchParams({ p: SECRET }).toString().slice(2)],
    ['in a URL object', new URL(`http://u:${encodeURIComponent(SECRET)}@h/`).password],
    ['base64', Buffer.from(SECRET).toString('base64')],
    ['base64url', Buffer.from(SECRET).toString('base64url')],
    ['JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['an SQL literal', SECRET.replaceAll("'", "''")],
    ['a shell word', SECRET.replaceAll("'", "'\\''")],
    ['a double-quoted .env value', SECRET.replace(/["\\$`]/g, '\\$&')],
    ['a passfile', SECRET.replace(/[\\:]/g, '\\$&')],
  ])('knows a secret %s', (_, form) => {
    expect(redactorOf(SECRET).clean(`before ${form} after`)).toBe(`before ${REDACTED} after`);
  });

  it.each(['a', 'ab', 'abc'])('knows a secret within base64, wherever it starts', (user) => {
    const header = Buffer.from(`${user}:canary-password`).toString('base64');
    expect(redactorOf('canary-password').clean(`Basic ${header}`)).toContain(REDACTED);
  });

  it('takes the longest of secrets that hold each other', () => {
    expect(redactorOf('canary', 'canary-long').clean('canary-long canary')).toBe(`${REDACTED} ${REDACTED}`);
  });

  it('leaves words alone that only contain a very short secret', () => {
    expect(redactorOf('a').clean('a cat has a=a')).toBe(`${REDACTED} cat has ${REDACTED}=${REDACTED}`);
  });

  it('leaves text alone while it knows nothing', () => {
    expect(redactorOf('').clean('anything')).toBe('anything');
  });

  it('cleans every string of a value, keys too', () => {
    const value = { 'key canary': ['canary', { deep: 'x canary' }], count: 1, none: null };
    expect(redactorOf('canary').cleanJson(value)).toEqual({
      [`key ${REDACTED}`]: [REDACTED, { deep: `x ${REDACTED}` }],
      count: 1,
      none: null,
    });
  });

  it('lets no secret of four characters or more through, whatever it is made of', () => {
    const secret = fc.oneof(fc.string({ minLength: 4 }), fc.string({ unit: 'binary', minLength: 4 }));
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (text, before, after) => {
        expect(redactorOf(text).clean(before + text + after)).toContain(REDACTED);
        fc.pre(!REDACTED.includes(text));
        expect(redactorOf(text).clean(`${before}${text}${after}`).includes(text)).toBe(false);
      }),
    );
  });
});
