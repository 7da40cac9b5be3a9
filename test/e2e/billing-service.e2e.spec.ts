import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Subscription } from '../../examples/billing-service/subscriptions.js';
import { ReadyProcess } from '../../scripts/stack/ready-process.js';
import { MoveWorld } from '../harness/move-world.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const SOURCE = '/example/billing';

let world: MoveWorld | undefined;
let billing: ReadyProcess<{ url: string }> | undefined;
let tenant: SampleTenant;

beforeAll(async () => {
  world = await MoveWorld.start();
  tenant = await world.tenant();
  await world.planner.call('PUT', `/v1/sources/${encodeURIComponent(SOURCE)}`, { kinds: ['upgrade'] });
  billing = await ReadyProcess.start<{ url: string }>('examples/billing-service/main.js', [], {
    BILLING_KAFKA_BROKERS: world.stack.kafka?.brokers ?? '',
    BILLING_SOURCE: SOURCE,
    BILLING_GROUP: `billing-${randomUUID()}`,
  });
}, 180_000);

afterAll(async () => {
  await billing?.stop();
  await world?.stop();
}, 60_000);

async function ask(instanceId: string): Promise<Subscription> {
  const answer = await fetch(`${billing?.facts.url ?? ''}/subscriptions/${instanceId}`, {
    method: 'PUT',
    body: JSON.stringify({ from: 'standard', toPlan: 'premium' }),
  });
  return (await answer.json()) as Subscription;
}

/** How the service itself says it stands, once nothing follows. */
async function settled(instanceId: string): Promise<Subscription> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const answer = await fetch(`${billing?.facts.url ?? ''}/subscriptions/${instanceId}`);
    const subscription = (await answer.json()) as Subscription;
    if (['done', 'failed'].includes(subscription.change?.state ?? '')) return subscription;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(subscription)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a service that asks over Kafka with the client', () => {
  it('bills the new plan when the events of its request say that the tenant has moved', async () => {
    const asked = await ask(tenant.instanceId);
    expect(asked).toMatchObject({ plan: 'standard', change: { state: 'asked', toPlan: 'premium' } });
    const done = await settled(tenant.instanceId);
    expect(done).toMatchObject({ plan: 'premium', change: { state: 'done' } });
    const migration = await world?.migration(asked.change?.migrationId ?? '');
    expect(migration).toMatchObject({ status: 'completed', requestedBy: `source:${SOURCE}` });
  }, 120_000);

  it('keeps billing the old plan and knows why when its request is refused', async () => {
    await ask('nobody');
    expect(await settled('nobody')).toMatchObject({
      plan: 'standard',
      change: { state: 'failed', why: expect.stringContaining('"nobody" is not registered') },
    });
  }, 60_000);
});
