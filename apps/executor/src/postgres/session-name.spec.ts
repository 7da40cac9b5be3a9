import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatSessionName, parseSessionName, runDigits, sessionName } from './session-name.js';

const RUN = fc.record({
  migrationId: fc.uuid(),
  stepId: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
  direction: fc.constantFrom('run' as const, 'undo' as const),
  generation: fc.nat(1_000),
});

describe('the name of a session', () => {
  test('tells run and fence, and fits into what PostgreSQL keeps', () => {
    fc.assert(
      fc.property(RUN, fc.nat(), fc.nat(), (run, fence, attempt) => {
        const name = sessionName({ ...run, fence, attempt });
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
        expect(parseSessionName(name)).toEqual({ digits: runDigits(run), fence });
      }),
    );
  });

  test('is the same for every attempt at a run, and another for another run', () => {
    const run = { migrationId: 'a', stepId: 'b', direction: 'run', generation: 1 } as const;
    expect(runDigits({ ...run })).toBe(runDigits(run));
    expect(runDigits({ ...run, direction: 'undo' })).not.toBe(runDigits(run));
    expect(runDigits({ ...run, generation: 2 })).not.toBe(runDigits(run));
  });

  test('is never read out of a name that is not ours', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.startsWith('rehome:'));
        expect(parseSessionName(text)).toBeUndefined();
      }),
    );
    for (const text of ['rehome:1a2b3c4d', 'rehome:1a2b3c4d:x', 'rehome:1A2B3C4D:1', 'rehome:1a2b3c4d:1 '])
      expect(parseSessionName(text)).toBeUndefined();
  });

  test('refuses digits or fences that it could not read back', () => {
    expect(() => formatSessionName({ digits: 'nope', fence: 1 })).toThrow(RangeError);
    expect(() => formatSessionName({ digits: '1a2b3c4d', fence: -1 })).toThrow(RangeError);
    expect(() => formatSessionName({ digits: '1a2b3c4d', fence: 1.5 })).toThrow(RangeError);
  });
});
