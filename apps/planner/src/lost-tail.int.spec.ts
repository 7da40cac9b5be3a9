import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CE, cloudEventSource } from '#shared/messaging/cloud-event-headers.js';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import { RecordSender } from '#shared/messaging/record-sender.js';
import { silentLogger } from '#shared/observability/logger.js';
import { PlannerRig } from '../../../test/harness/planner-rig.js';
import { runKafkaBrokers } from '../../../test/harness/run-addresses.js';

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start({ config: { kafkaBrokers: runKafkaBrokers() } });
  await rig.seedRegistry();
  // Only degraded, it may lack its topics still.
  await rig.until(async () => (await rig.call('GET', '/health/ready')).json.status === 'ready');
}, 60_000);
afterAll(() => rig?.close());

/** As if the ledger had been restored without its newest events: Kafka holds one far ahead of it. */
async function publishAhead(): Promise<void> {
  const { ledgerId } = await rig.ledger.planner.reader.head();
  const sender = new RecordSender(
    new KafkaClient({ brokers: runKafkaBrokers(), clientId: 'lost-tail' }, silentLogger()),
  );
  const headers = { [CE.source]: cloudEventSource(ledgerId), [CE.sequence]: '100000', [CE.hash]: 'ab'.repeat(32) };
  await sender.send([{ topic: rig.config.topics.events, key: 'ahead', value: '{}', headers }]);
  await sender.close();
}

describe('a planner whose ledger lost its tail', () => {
  it('takes no appends until somebody decides, and never issues a position twice', async () => {
    const before = await rig.ledger.planner.reader.head();
    await publishAhead();
    await rig.restart();
    await rig.until(async () => (await rig.ledger.planner.reader.head()).heldBecause !== undefined);

    const put = await rig.call('PUT', '/v1/entitlements/gold', { body: { cpu: 1 } });
    const after = await rig.ledger.planner.reader.head();

    expect(put.status).toBe(503);
    expect(after.heldBecause).toContain('has been at 100000');
    expect(after.position).toBe(before.position);
  });
});
