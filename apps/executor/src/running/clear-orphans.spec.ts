import { describe, expect, it } from '@jest/globals';
import { ancestorsOf, serversIn } from './clear-orphans.js';

const run = { migrationId: 'm', stepId: 's', direction: 'run', generation: 1, attempt: 2, fence: 2 } as const;
const server = { name: 'a', host: 'h', port: 5432, adminUser: 'p', adminSecretRef: 'env:X' };

describe('what earlier attempts left behind', () => {
  it('is looked for under every earlier generation', () => {
    const ways = ancestorsOf({ ...run, generation: 3 }).map(
      ({ direction, generation }) => `${direction} ${String(generation)}`,
    );
    expect(ways).toEqual(['run 1', 'run 2', 'run 3']);
  });

  it('includes the run that an undo takes back', () => {
    const ways = ancestorsOf({ ...run, direction: 'undo' }).map(({ direction }) => direction);
    expect(ways).toEqual(['run', 'undo']);
  });

  it('is looked for on every server that the params name, each once', () => {
    const other = { ...server, name: 'b', port: 5433 };
    const params = { source: { server, database: 'x' }, server: other, list: [{ deep: { server } }], text: 'server' };
    expect(serversIn(params)).toEqual([server, other]);
  });
});
