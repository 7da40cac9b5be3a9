import { expect, it } from '@jest/globals';
import { block } from './outcome-text.js';

it('names and texts stand in two columns, also beside a long name', () => {
  expect(block([['Steps', '4']])).toEqual(['  Steps  4']);
  expect(
    block([
      ['Steps', '4'],
      ['Warning', 'it loads\nthe server'],
    ]),
  ).toEqual(['  Steps   4', '  Warning it loads\n          the server']);
});
