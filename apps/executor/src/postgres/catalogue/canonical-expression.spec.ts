import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalExpression } from './canonical-expression.js';

describe('an expression that a restore writes in other words', () => {
  test.each([
    [
      `CHECK (((status)::text = ANY ((ARRAY['new'::character varying, 'it''s, ok'::character varying])::text[])))`,
      `CHECK (((status)::text = ANY (ARRAY[('new'::character varying)::text, ('it''s, ok'::character varying)::text])))`,
    ],
    [`(ARRAY[f(a, b), c])::bigint[]`, `ARRAY[(f(a, b))::bigint, (c)::bigint]`],
    [`(ARRAY['x'::text])::character varying(10)[]`, `ARRAY[('x'::text)::character varying(10)]`],
    [`(ARRAY['x'::text])::public."Odd Type"[]`, `ARRAY[('x'::text)::public."Odd Type"]`],
    [`(ARRAY[(ARRAY[1])::bigint[]])::text[]`, `ARRAY[(ARRAY[(1)::bigint])::text]`],
  ])('comes into the same form: %s', (before, after) => {
    expect(canonicalExpression(before)).toBe(after);
    expect(canonicalExpression(after)).toBe(after);
  });

  test('is left alone when it is no such cast', () => {
    for (const text of ['(ARRAY[1, 2])', 'f((ARRAY[1])[1])', '(ARRAY[', `x = '(ARRAY['`])
      expect(canonicalExpression(text)).toBe(text);
  });

  test('ends for every text, and never finds more to do in what it wrote', () => {
    const parts = fc.constantFrom('(ARRAY[', '])::text[]', "'", '"', ',', 'a', '(', ')', '[', ']', '::int');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 25 }), (texts) => {
        const once = canonicalExpression(texts.join(''));
        const twice = canonicalExpression(once);
        expect(canonicalExpression(twice)).toBe(twice);
      }),
    );
  });
});
