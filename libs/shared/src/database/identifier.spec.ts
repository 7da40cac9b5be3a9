import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitIdentifier, IDENTIFIER_BYTES, quoteIdentifier, quoteLiteral } from './identifier.js';

const NAME = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }).filter((name) => !name.includes('\0'));

describe('an identifier', () => {
  test('is quoted so that nothing of it is read as SQL, whatever it holds', () => {
    fc.assert(
      fc.property(NAME, (name) => {
        const quoted = quoteIdentifier(name);
        expect(quoted.startsWith('"') && quoted.endsWith('"')).toBe(true);
        const inner = quoted.slice(1, -1);
        expect(inner.replaceAll('""', '')).not.toContain('"');
        expect(inner.replaceAll('""', '"')).toBe(name);
      }),
    );
  });

  test('is refused when PostgreSQL could not hold it', () => {
    expect(() => quoteIdentifier('')).toThrow(RangeError);
    expect(() => quoteIdentifier('a\0b')).toThrow(RangeError);
    expect(() => quoteLiteral('a\0b')).toThrow(RangeError);
  });

  test('is cut between characters, never inside one, and its suffix stays whole', () => {
    fc.assert(
      fc.property(NAME, fc.stringMatching(/^[a-z0-9_]{0,20}$/), (name, suffix) => {
        const fitted = fitIdentifier(name, suffix);
        expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(IDENTIFIER_BYTES);
        expect(fitted.endsWith(suffix)).toBe(true);
        const kept = fitted.slice(0, fitted.length - suffix.length);
        expect(name.startsWith(kept)).toBe(true);
        expect(Buffer.from(fitted).toString()).toBe(fitted.toWellFormed());
        if (Buffer.byteLength(name + suffix) <= IDENTIFIER_BYTES) expect(fitted).toBe(name + suffix);
      }),
    );
    expect(fitIdentifier('ü'.repeat(40), '_x')).toBe(`${'ü'.repeat(30)}_x`);
    expect(() => fitIdentifier('a', 'x'.repeat(64))).toThrow(RangeError);
  });
});

describe('a literal', () => {
  test.each([
    [`it's`, `'it''s'`],
    ['a\\b', ` E'a\\\\b'`],
    ['', `''`],
  ])('is quoted for any standard_conforming_strings: %s', (text, literal) => {
    expect(quoteLiteral(text)).toBe(literal);
  });
});
