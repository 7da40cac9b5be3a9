import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestLedger, newMigrationId, onMigration, type TestLedger } from '../../../../test/harness/ledger.js';
import { readEventsTopic } from '../../../../test/harness/events-topic-reader.js';
import { clientOf, openMessagingTestKit, until } from '../../../../test/harness/messaging-test-kit.js';
import { startOwnKafka } from '../../../../test/harness/servers/start-servers.js';
import type { RunningKafka } from '../../../../test/harness/servers/running-server.js';
import { LeasedCursor } from '../ledger/leased-cursor.js';
import { LedgerWake } from '../ledger/ledger-wake.js';
import { silentLogger } from '../observability/logger.js';
import { GroupConsumer } from './group-consumer.js';
import { RecordSender } from './record-sender.js';
import { Relay } from './relay.js';

describe('an outage of Kafka', () => {
  let kafka: RunningKafka | undefined;
  let ledger: TestLedger;
  const ends: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    [kafka, ledger] = await Promise.all([startOwnKafka(), createTestLedger()]);
  }, 120_000);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
    await Promise.all([kafka?.stop(), ledger.close()]);
  }, 60_000);

  it('loses nothing: events wait in the ledger, keep their order, and consumers read on by themselves', async () => {
    if (kafka === undefined) throw new Error('Kafka did not start');
    const client = clientOf(kafka.brokers.split(','));
    const kit = openMessagingTestKit(client);
    const topics = { events: await kit.createTopic('events'), commands: await kit.createTopic('commands') };
    const relay = startRelay(client, topics);
    const read: bigint[] = [];
    const consumer = new GroupConsumer(client, {
      groupId: 'reader',
      topics: [topics.events],
      onBatch: ({ records }) => {
        read.push(...records.map((record) => BigInt(kit.headersOf(record)['ce_sequence'] ?? '')));
        return Promise.resolve({ next: (records.at(-1)?.offset ?? 0n) + 1n });
      },
    });
    consumer.start();
    ends.push(() => consumer.close());

    const migrations = Array.from({ length: 5 }, newMigrationId);
    const appendSome = async (): Promise<void> => {
      for (const migration of [...migrations, ...migrations])
        await ledger.planner.writer.append(onMigration(migration, 'any'));
    };
    const allRead = async (): Promise<void> => {
      const { position } = await ledger.planner.reader.head();
      await until(() => BigInt(new Set(read).size) === position);
    };
    await appendSome();
    await allRead();

    await kafka.kill9();
    await appendSome();
    await until(() => relay.state.because === 'KAFKA_UNAVAILABLE');
    expect(relay.state.phase).toBe('publishing');
    await until(() => consumer.health.state === 'rebuilding');
    expect(consumer.health.assigned).toEqual([]);

    await kafka.restart();
    await appendSome();
    await allRead();
    // A broker that starts may cost a consumer more, behind the last record, too.
    await until(() => consumer.health.state === 'running');
    await until(() => relay.state.because === undefined);
    const { events, gaps } = await readEventsTopic(client, topics.events);
    const { position } = await ledger.planner.reader.head();
    expect({ gaps, events: BigInt(events.length) }).toEqual({ gaps: 0, events: position });
  }, 120_000);

  function startRelay(client: ReturnType<typeof clientOf>, topics: { events: string; commands: string }): Relay {
    const { pools, reader, writer } = ledger.planner;
    const sender = new RecordSender(client);
    const wake = new LedgerWake(ledger.urls.plannerUrl);
    const relay = new Relay({
      acquire: () => LeasedCursor.acquire(pools.leases, { name: 'relay', owner: 'one', ttlMs: 15_000 }),
      reader,
      writer,
      wake,
      sender,
      faults: { reach: () => Promise.resolve() },
      logger: silentLogger(),
      topics,
    });
    relay.start();
    ends.push(async () => {
      await relay.stop();
      await Promise.all([wake.close(), sender.close()]);
    });
    return relay;
  }
});
