import { describe, expect, test } from '@jest/globals';
import type { ServerEndpoint } from '#shared/contracts/registry.js';
import { fromStep, resultOf, splitParams, type WithReferences } from './from-step.js';

describe('a reference to an earlier result', () => {
  test('must name a member that the result has, of the type that is taken: anything else does not compile', () => {
    const server: WithReferences<ServerEndpoint> = fromStep('provision-server', 'server');
    const role: WithReferences<string> = fromStep('provision-server', 'role');
    // @ts-expect-error a server has no address
    fromStep('provision-server', 'server.address');
    // @ts-expect-error a port is no text
    const wrong: WithReferences<string> = fromStep('provision-server', 'server.port');
    expect([server, role, wrong]).toHaveLength(3);
  });

  test('is parted from what is known and named by its place', () => {
    const split = splitParams({
      database: 'acme',
      connection: { host: fromStep('provision-server', 'server.host'), database: 'acme' },
      captured: resultOf('capture-source'),
    });
    expect(split).toEqual({
      params: { database: 'acme', connection: { database: 'acme' } },
      inputs: {
        'connection.host': { fromStep: 'provision-server', path: 'server.host' },
        captured: { fromStep: 'capture-source', path: '' },
      },
    });
  });

  test('leaves lists and empty objects as they are', () => {
    expect(splitParams({ roles: [{ name: 'a' }], keys: {} })).toEqual({
      params: { roles: [{ name: 'a' }], keys: {} },
      inputs: {},
    });
  });
});
