import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nameParts, plainName, relationIn } from './relation-name.js';

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

describe('the name of a table as people write it', () => {
  it('is of parts, of which one in quotes may hold anything', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }), (names) => {
        const text = names.map(quote).join('.');
        expect(nameParts(text)).toEqual(names);
        expect(nameParts(plainName(text))).toEqual(names);
      }),
    );
  });

  it('keeps quotes only where a dot would part it', () => {
    expect(plainName('audit."order lines"')).toBe('audit.order lines');
    expect(plainName('"a.b"')).toBe('"a.b"');
    expect(relationIn('public', '"a.b"')).toEqual(['public', 'a.b']);
    expect(relationIn('public', 'audit.order lines')).toEqual(['audit', 'order lines']);
  });

  it.each(['', '.', 'a.', '.a', 'a..b', '"a', '"a"b', 'a"b"'])('is not %j', (text) => {
    expect(nameParts(text)).toBeUndefined();
  });
});
