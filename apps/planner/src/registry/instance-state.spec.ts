import { describe, expect, it } from '@jest/globals';
import type { EventName, EventTypes, LedgerEvent } from '#shared/contracts/events.js';
import { foldInstance } from './instance-state.js';

function events(...given: readonly { [N in EventName]: readonly [N, EventTypes[N]] }[EventName][]): LedgerEvent[] {
  return given.map(([type, data], index) => ({ type, data, streamVersion: index + 1 }) as LedgerEvent);
}

const tenant = {
  instanceId: 'a',
  plan: 'basic',
  server: 'pool-1',
  database: 'acme',
  owner: 'acme',
  service: 'shop',
  dbType: 'shared',
  secretRef: 'env:OLD',
} as const;
const from = { dbServerId: 'pool-1', host: 'h1', port: 1, user: 'acme', dbType: 'shared' } as const;
const to = { dbServerId: 'dedicated-7', host: 'h2', port: 2, user: 'acme_app', dbType: 'dedicated' } as const;

describe('an instance', () => {
  it('is unknown without events', () => {
    expect(foldInstance([])).toBeUndefined();
  });

  it('lives where its last move brought it, under the name it had [c9 c10]', () => {
    const moved = { instanceId: 'a', migrationId: 'm', plan: 'premium', from, to: { ...to, secretRef: 'vault:new' } };
    expect(foldInstance(events(['InstanceRegistered', tenant], ['InstanceMoved', moved]))).toEqual({
      definition: {
        ...tenant,
        plan: 'premium',
        server: 'dedicated-7',
        owner: 'acme_app',
        dbType: 'dedicated',
        secretRef: 'vault:new',
      },
      version: 2,
      movedBy: 'm',
    });
  });

  it('does not keep the password reference of the place it left', () => {
    const moved = { instanceId: 'a', migrationId: 'm', plan: 'premium', from, to };
    expect(
      foldInstance(events(['InstanceRegistered', tenant], ['InstanceMoved', moved]))?.definition,
    ).not.toHaveProperty('secretRef');
  });

  it('has the resources of its last upgrade [c3]', () => {
    const resized = { instanceId: 'a', migrationId: 'm', plan: 'bigger', cpu: 4, memory: '8Gi' };
    expect(foldInstance(events(['InstanceRegistered', tenant], ['InstanceResized', resized]))).toMatchObject({
      definition: { plan: 'bigger', server: 'pool-1' },
      resources: { cpu: 4, memory: '8Gi' },
    });
  });
});
