import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { Kafka, logLevel, type IHeaders, type Producer } from 'kafkajs';
import { toMigrationId, toPosition } from '#shared/contracts/ids.js';
import type { LedgerEvent } from '#shared/contracts/events.js';
import { migrationStream } from '#shared/contracts/streams.js';
import { closePools, openPools, type LedgerPools } from '#shared/database/pools.js';
import { setUpLedger } from '#shared/database/set-up.js';
import { LeasedCursor } from '#shared/ledger/leased-cursor.js';
import { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { LedgerWake } from '#shared/ledger/ledger-wake.js';
import { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { batchesOf, type RelayTopics } from '#shared/messaging/event-batches.js';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import type { RecordHeaders } from '#shared/messaging/kafka-record.js';
import { RecordSender } from '#shared/messaging/record-sender.js';
import { Relay } from '#shared/messaging/relay.js';
import { createTopics } from '#shared/messaging/topics-setup.js';
import { silentLogger } from '#shared/observability/logger.js';
import { toolMajor } from '../scripts/stack/tool-major.js';
import { startKafka, startPostgres } from '../test/harness/servers/start-servers.js';
import type { Benchmark, Figure } from './benchmark.js';

const ROUNDS = 5;
const EVENTS = 10_000;
const PAGE = 500;
const PASSWORD = 'only-for-the-benchmark';
const TOPICS: RelayTopics = { events: 'bench.events', commands: 'bench.commands' };
const PEER_TOPICS: RelayTopics = { events: 'bench.peer', commands: 'bench.peer' };

/**
 * Events from the ledger to Kafka in order, read, encoded, acknowledged and with the cursor moved durably; beside a bare
 * producer, idempotent as well, that sends the same records, already made, in the same batches.
 */
export const relayBenchmark: Benchmark = {
  name: 'relay',
  title: 'events published to Kafka, acknowledged by all replicas',
  run: async (say) => {
    const [server, kafka] = await Promise.all([startPostgres({ major: toolMajor(), durable: true }), startKafka()]);
    try {
      const passwords = { planner: PASSWORD, executor: PASSWORD, analyst: PASSWORD };
      const { plannerUrl } = await setUpLedger({ adminUrl: server.adminUrl, database: 'rehome', passwords });
      return [await measure(plannerUrl, kafka.brokers, say)];
    } finally {
      await Promise.all([server.stop(), kafka.stop()]);
    }
  },
};

interface Parts {
  readonly pools: LedgerPools;
  readonly writer: LedgerWriter;
  readonly reader: LedgerReader;
  readonly wake: LedgerWake;
  readonly sender: RecordSender;
}

async function measure(url: string, brokers: string, say: (line: string) => void): Promise<Figure> {
  const pools = openPools({ url, applicationName: 'rehome bench' });
  const client = new KafkaClient({ brokers: brokers.split(','), clientId: 'bench' }, silentLogger());
  const topics = [TOPICS.events, TOPICS.commands, PEER_TOPICS.events];
  await createTopics(client, { replicationFactor: 1, topics: topics.map((name) => ({ name, retentionMs: -1 })) });
  const parts: Parts = {
    pools,
    writer: new LedgerWriter(pools.appends),
    reader: new LedgerReader(pools.reads),
    wake: new LedgerWake(url),
    sender: new RecordSender(client),
  };
  const kafka = new Kafka({ brokers: brokers.split(','), clientId: 'bench-peer', logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  await producer.connect();
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = (await parts.reader.head()).position;
    await fill(parts.writer);
    ours.push(await relayAll(parts));
    bare.push(await produceAll(producer, await eventsAfter(parts.reader, before)));
    say(`  round ${String(round)} of ${String(ROUNDS)}`);
  }
  await Promise.all([producer.disconnect(), parts.sender.close(), parts.wake.close(), parts.writer.close()]);
  await closePools(pools);
  const peer = 'bare producer';
  return {
    of: `${EVENTS.toLocaleString('en')} events`,
    unit: 'events/s',
    ours,
    peers: { [peer]: bare },
    goal: { peer, atLeast: 0.5 },
  };
}

/** Events of the usual size, a thousand migrations among them. */
async function fill(writer: LedgerWriter): Promise<void> {
  const migrations = Array.from({ length: 1_000 }, () => toMigrationId(randomUUID()));
  const append = async (migrationId: (typeof migrations)[number]) => {
    const events = Array.from({ length: EVENTS / migrations.length }, () => ({
      eventId: randomUUID(),
      type: 'MigrationPaused' as const,
      schemaVersion: 1,
      data: { migrationId, requestedBy: 'key:bench', reason: randomBytes(200).toString('hex') },
      metadata: { correlationId: migrationId, causationId: migrationId, actor: 'key:bench' },
    }));
    await writer.append({ appends: [{ stream: migrationStream(migrationId), expected: 0, events }], effects: [] });
  };
  await Promise.all(migrations.map(append));
}

async function relayAll({ pools, writer, reader, wake, sender }: Parts): Promise<number> {
  const { position } = await reader.head();
  const published = new EventEmitter();
  const relay = new Relay({
    acquire: () => LeasedCursor.acquire(pools.leases, { name: 'relay', owner: 'bench', ttlMs: 15_000 }),
    reader,
    writer,
    wake,
    sender,
    faults: { reach: () => Promise.resolve() },
    logger: silentLogger(),
    topics: TOPICS,
    observe: ({ lastPosition }) => {
      if (lastPosition >= position) published.emit('all');
    },
  });
  const all = once(published, 'all');
  const began = performance.now();
  relay.start();
  await all;
  const seconds = (performance.now() - began) / 1_000;
  await relay.stop();
  return EVENTS / seconds;
}

async function produceAll(producer: Producer, events: readonly LedgerEvent[]): Promise<number> {
  const batches = [];
  for (let at = 0; at < events.length; at += PAGE)
    batches.push(...batchesOf(events.slice(at, at + PAGE), randomUUID(), PEER_TOPICS));
  const sends = batches.map(({ records }) => ({
    topic: PEER_TOPICS.events,
    acks: -1,
    messages: records.map(({ key, value, headers }) => ({ key, value, headers: present(headers) })),
  }));
  const began = performance.now();
  for (const send of sends) await producer.send(send);
  return events.length / ((performance.now() - began) / 1_000);
}

async function eventsAfter(reader: LedgerReader, position: bigint): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  for (let after = position; ;) {
    const page = await reader.read({ after: toPosition(after), limit: PAGE });
    if (page.length === 0) return events;
    events.push(...page);
    after = page.at(-1)?.position ?? after;
  }
}

/** The producer refuses a header without a value. */
function present(headers: RecordHeaders): IHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as IHeaders;
}
