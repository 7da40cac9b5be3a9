import { describe, expect, it } from '@jest/globals';
import type { RequestEvent } from '#client/request-events.js';
import { Subscriptions } from '../../examples/billing-service/subscriptions.js';

function told(correlationId: string, type: string): RequestEvent {
  return { eventId: type, type, schemaVersion: 1, correlationId, stream: 'migration-1', position: 1n, data: {} };
}

describe('the billing service of the examples', () => {
  it('hears of its request also when the planner is faster than the broker’s confirmation', async () => {
    const subscriptions: Subscriptions = new Subscriptions({
      publish: async (_request, options) => {
        const id = options?.id ?? '';
        await subscriptions.handle(told(id, 'MigrationRequested'));
        await subscriptions.handle(told(id, 'MigrationCompleted'));
        return { requestId: id, migrationId: 'm' };
      },
    });
    await subscriptions.upgrade('acme', 'basic', 'premium');
    expect(subscriptions.get('acme')).toMatchObject({ plan: 'premium', change: { state: 'done', migrationId: 'm' } });
  });
});
