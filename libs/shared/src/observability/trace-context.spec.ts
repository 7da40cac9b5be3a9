import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatTraceparent, spanContextOf, traceLogFields, traceparentOf } from './trace-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const GOOD = `00-${TRACE}-${SPAN}-01`;

const hexOf = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((list) => list.join(''))
    .filter((text) => /[^0]/.test(text));

describe('a traceparent', () => {
  it('is taken as the W3C defines it', () => {
    expect(traceparentOf(GOOD)).toBe(GOOD);
    expect(spanContextOf(GOOD)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
    expect(traceLogFields(GOOD)).toEqual({ trace_id: TRACE, span_id: SPAN });
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01\n`,
    ['00'],
  ])('that is %j is as if it were not sent', (value) => {
    expect(traceparentOf(value)).toBeUndefined();
    expect(traceLogFields(traceparentOf(value))).toEqual({});
  });

  it('is the same text after it was read and written', () => {
    fc.assert(
      fc.property(hexOf(32), hexOf(16), fc.constantFrom('00', '01'), (traceId, spanId, flags) => {
        const text = `00-${traceId}-${spanId}-${flags}`;
        const read = spanContextOf(text);
        expect(read === undefined ? undefined : formatTraceparent(read)).toBe(text);
      }),
    );
  });
});
