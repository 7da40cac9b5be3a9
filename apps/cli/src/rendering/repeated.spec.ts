import { expect, it } from '@jest/globals';
import { repeated } from './repeated.js';

it('the next page is asked for with the filters of this one', () => {
  const given = { kind: 'apply', status: undefined, dryRuns: true, subject: "project:o'hara shop", limit: '5' };
  const names = ['kind', 'status', 'subject', 'dryRuns', 'limit'] as const;
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  expect(repeated(names, options)).toBe(` --kind apply --subject 'project:o'\\''hara shop' --dry-runs --limit 5`);
  expect(repeated(names, {})).toBe('');
});
