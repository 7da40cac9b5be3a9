import { describe, expect, it } from '@jest/globals';
import { readRestoreMark } from './working-database.js';

const backupId = '1f872f31-32d3-5020-ac44-fe0b37003c35';

describe('the mark of a finished restore', () => {
  it('stands before the comment of the database itself', () => {
    expect(readRestoreMark(`restored ${backupId} 178\nof acme\nsecond line`)).toEqual({
      mark: { backupId, items: 178 },
      comment: 'of acme\nsecond line',
    });
  });

  it.each([undefined, '', 'of acme', 'restored by hand', `restored ${backupId}`])('is not in %j', (comment) => {
    expect(readRestoreMark(comment)).toEqual({ comment: comment ?? '' });
  });
});
