import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { naturalOrder } from '#shared/projects/natural-order.js';
import { nextVersion } from './next-version.js';

describe('the next version', () => {
  it.each([
    [['0001', '0002', '0003'], '0004'],
    [['v006', 'v001'], 'v007'],
    [['v9', 'v10'], 'v11'],
    [['0099'], '0100'],
    [['9999'], '10000'],
    [['2026.07', '2026.08'], '2026.09'],
    [['0001a', '0001b'], '0002'],
    [['initial'], 'initial2'],
  ])('goes on in the manner of the app: after %j comes %s [e9]', (versions, next) => {
    expect(nextVersion(versions)).toBe(next);
  });

  it('of an app without any is where the others began', () => {
    expect(nextVersion([], ['v003', 'v001'])).toBe('v001');
    expect(nextVersion([])).toBe('0001');
  });

  it('comes after all others, whatever they are called', () => {
    const version = fc.stringMatching(/^[A-Za-z0-9.-]{1,20}$/);
    fc.assert(
      fc.property(fc.array(version, { minLength: 1, maxLength: 8 }), (versions) => {
        const next = nextVersion(versions);
        expect(versions.filter((one) => naturalOrder(one, next) >= 0)).toEqual([]);
      }),
    );
  });
});
