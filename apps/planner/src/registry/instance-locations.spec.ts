import { describe, expect, it } from '@jest/globals';
import type { LedgerEvent } from '#shared/contracts/events.js';
import { InstanceLocations } from './instance-locations.js';

const registered = (instanceId: string, server: string, database: string): LedgerEvent =>
  ({ type: 'InstanceRegistered', data: { instanceId, server, database } }) as LedgerEvent;

const moved = (instanceId: string, dbServerId: string, database?: string): LedgerEvent =>
  ({
    type: 'InstanceMoved',
    data: { instanceId, to: { dbServerId, ...(database === undefined ? {} : { database }) } },
  }) as LedgerEvent;

function after(...events: readonly LedgerEvent[]): InstanceLocations {
  const locations = new InstanceLocations();
  for (const event of events) locations.apply(event);
  return locations;
}

describe('where tenants live', () => {
  it('is where they were registered', () => {
    const locations = after(registered('one', 'pool', 'acme'), registered('two', 'pool', 'other'));
    expect(locations.in('pool', 'acme')).toEqual(['one']);
    expect(locations.in('elsewhere', 'acme')).toEqual([]);
  });

  it('follows a move, under the same name unless the move gave another', () => {
    const same = after(registered('one', 'pool', 'acme'), moved('one', 'pg18'));
    expect(same.in('pool', 'acme')).toEqual([]);
    expect(same.in('pg18', 'acme')).toEqual(['one']);
    const other = after(registered('one', 'pool', 'acme'), moved('one', 'pg18', 'acme_18'));
    expect(other.in('pg18', 'acme_18')).toEqual(['one']);
  });

  it('tells of every tenant in a database, so that nobody moves one without the other', () => {
    const locations = after(registered('one', 'pool', 'acme'), registered('two', 'pool', 'acme'));
    expect(locations.in('pool', 'acme')).toEqual(['one', 'two']);
  });
});
