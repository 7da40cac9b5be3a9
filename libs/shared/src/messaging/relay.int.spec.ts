import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import {
  closeService,
  createTestLedger,
  newMigrationId,
  onMigration,
  openService,
  type TestLedger,
} from '../../../../test/harness/ledger.js';
import { readEventsTopic } from '../../../../test/harness/events-topic-reader.js';
import { openMessagingTestKit, until } from '../../../../test/harness/messaging-test-kit.js';
import type { NewEvent } from '../contracts/events.js';
import type { MigrationId } from '../contracts/ids.js';
import { instanceStream } from '../contracts/streams.js';
import { hashEvent } from '../ledger/hash-chain.js';
import { LeasedCursor } from '../ledger/leased-cursor.js';
import { LedgerWake } from '../ledger/ledger-wake.js';
import { silentLogger } from '../observability/logger.js';
import { readKafkaTail } from './kafka-tail.js';
import { RecordSender } from './record-sender.js';
import { Relay, type RelayParts } from './relay.js';
import { readTopic } from './topic-reader.js';

const NO_FAULTS = { reach: () => Promise.resolve() };
/** No beat of it comes within a test: one that is stopped neither renews its lease nor hears that it is lost. */
const LEASE_TTL_MS = 600_000;

describe('the relay', () => {
  const kit = openMessagingTestKit();
  let ledger: TestLedger;
  let topics: { events: string; commands: string };
  let ends: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    ledger = await createTestLedger();
    topics = {
      events: await kit.createTopic(`events-${randomUUID()}`),
      commands: await kit.createTopic(`commands-${randomUUID()}`),
    };
  });
  afterEach(async () => {
    for (const end of ends.reverse()) await end();
    ends = [];
    await ledger.close();
  });

  function startRelay(owner: string, parts: Partial<RelayParts> = {}): Relay {
    const { pools, reader, writer } = ledger.planner;
    const sender = new RecordSender(kit.client);
    const wake = new LedgerWake(ledger.urls.plannerUrl);
    const acquire = () => LeasedCursor.acquire(pools.leases, { name: 'relay', owner, ttlMs: LEASE_TTL_MS });
    const relay = new Relay({
      acquire,
      reader,
      writer,
      wake,
      sender,
      faults: NO_FAULTS,
      logger: silentLogger(),
      topics,
      ...parts,
    });
    relay.start();
    ends.push(async () => {
      await relay.stop();
      await wake.close();
      await sender.close();
    });
    return relay;
  }

  async function append(migrationId: MigrationId, count = 1): Promise<void> {
    for (let n = 0; n < count; n += 1) await ledger.planner.writer.append(onMigration(migrationId, 'any'));
  }

  const caughtUp = (relay: Relay): Promise<void> =>
    until(async () => relay.state.position !== undefined && (await relay.lag()) === 0n);

  const expireLease = (): Promise<unknown> =>
    ledger.query(`update ledger.cursor set lease_until = clock_timestamp() - interval '1 ms' where name = 'relay'`);

  it('publishes every event in order with what its hash covers, keyed by migration, else by stream', async () => {
    const migrationId = newMigrationId();
    await append(migrationId, 3);
    const stream = instanceStream('46784872-0000-4000-8000-000000000001');
    await ledger.planner.writer.append({
      appends: [{ stream, expected: 'any', events: [instanceEvent()] }],
      effects: [],
    });
    const relay = startRelay('one');
    await caughtUp(relay);

    const { ledgerId, position, hash } = await ledger.planner.reader.head();
    const { events, gaps, repeats, lastSequence } = await readEventsTopic(kit.client, topics.events);
    expect({ gaps, repeats, lastSequence }).toEqual({ gaps: 0, repeats: 0, lastSequence: position });
    let prevHash = '00'.repeat(32);
    for (const { id, source, type, subject, time, dataText, extensions, sequence, key } of events) {
      const [, name = '', version = ''] = /^rehome\.(\w+)\.v(\d+)$/.exec(type) ?? [];
      expect(source).toBe(`rehome/${ledgerId}`);
      expect(extensions['prevhash']).toBe(prevHash);
      prevHash = hashEvent(ledgerId, prevHash, {
        position: sequence,
        stream: subject ?? '',
        streamVersion: Number(extensions['streamversion']),
        eventId: id,
        type: name,
        schemaVersion: Number(version),
        recordedAt: time ?? '',
        dataText,
        metadataText: extensions['metadata'] ?? '',
      });
      expect(extensions['hash']).toBe(prevHash);
      expect(extensions).toMatchObject({
        partitionkey: key,
        correlationid: expect.any(String),
        causationid: expect.any(String),
      });
      expect(key).toBe(subject?.startsWith('migration-') === true ? subject.slice('migration-'.length) : subject);
    }
    expect(events.at(-1)?.key).toBe(stream);
    expect(await readKafkaTail(kit.client, topics.events, ledgerId)).toEqual({
      source: topics.events,
      ledgerId,
      position: String(position),
      hash,
    });
    expect(await readKafkaTail(kit.client, topics.events, randomUUID())).toBeUndefined();
  });

  it('sends commands to the commands topic as well, and nothing else', async () => {
    const migrationId = newMigrationId();
    const relay = startRelay('one');
    await caughtUp(relay);
    await append(migrationId);
    const command = stepCommanded(migrationId);
    await ledger.planner.writer.append(onMigration(migrationId, 'any', [command]));
    await caughtUp(relay);
    const commands = await readTopic(kit.client, topics.commands);
    expect(
      commands.map((record) => [
        record.key?.toString(),
        kit.headersOf(record)['ce_id'],
        kit.headersOf(record)['ce_type'],
      ]),
    ).toEqual([[migrationId, command.eventId, 'rehome.StepCommanded.v1']]);
    expect(commands[0]?.value?.toString()).toBe(JSON.stringify(command.data));
  });

  it('publishes events that together are larger than a batch of Kafka', async () => {
    const migrationId = newMigrationId();
    const large = Array.from({ length: 12 }, () => ({ ...stepCommanded(migrationId), eventId: randomUUID() })).map(
      (event) => ({
        ...event,
        data: { ...event.data, params: { text: 'x'.repeat(200_000) } },
      }),
    );
    for (const event of large) await ledger.planner.writer.append(onMigration(migrationId, 'any', [event]));
    const relay = startRelay('one');
    await caughtUp(relay);
    const { events, gaps, repeats } = await readEventsTopic(kit.client, topics.events);
    expect({ gaps, repeats }).toEqual({ gaps: 0, repeats: 0 });
    expect(events.filter(({ key }) => key === migrationId).map(({ id }) => id)).toEqual(
      large.map(({ eventId }) => eventId),
    );
  });

  it('that dies between send and cursor sends the batch again: same ids, same order, nothing left out', async () => {
    const migrationId = newMigrationId();
    await append(migrationId, 5);
    const death = givenGate();
    const dying = startRelay('dying', { faults: death });
    ends.push(death.open);
    await death.reached;
    await expireLease();
    const next = startRelay('next');
    await caughtUp(next);

    const { position } = await ledger.planner.reader.head();
    const { events, gaps, repeats } = await readEventsTopic(kit.client, topics.events);
    expect({ gaps, repeats: BigInt(repeats), events: BigInt(events.length) }).toEqual({
      gaps: 0,
      repeats: position,
      events: position,
    });
    const records = (await readTopic(kit.client, topics.events)).filter(({ key }) => key?.toString() === migrationId);
    const ids = records.map((record) => kit.headersOf(record)['ce_id']);
    expect(ids.slice(0, 5)).toEqual(ids.slice(5));
    expect(dying.state.position).not.toBe(position);
  });

  it('whose lease another has taken cannot move the cursor: its fence is old', async () => {
    const migrationId = newMigrationId();
    await append(migrationId);
    const gate = givenGate();
    const answers: string[] = [];
    const { writer } = ledger.planner;
    const zombie = startRelay('zombie', {
      faults: gate,
      writer: {
        append: async (item) => {
          const answer = await writer.append(item);
          answers.push(answer.outcome === 'refused' ? answer.reason : answer.outcome);
          return answer;
        },
      },
    });
    await gate.reached;
    await expireLease();
    const owner = startRelay('owner');
    await append(migrationId, 2);
    await caughtUp(owner);
    const moved = owner.state.position;
    await gate.open();
    await until(() => zombie.state.phase === 'standby');
    expect(answers).toEqual(['stale-fence']);
    const [cursor] = await ledger.query<{ position: string; owner: string }>(
      `select position, owner from ledger.cursor where name = 'relay'`,
    );
    expect(cursor).toEqual({ position: String(moved), owner: 'owner' });
    const { gaps } = await readEventsTopic(kit.client, topics.events);
    expect(gaps).toBe(0);
  });

  it('that cannot renew its lease sends nothing more, even if it wakes up late', async () => {
    const leases = new pg.Pool({ connectionString: ledger.urls.plannerUrl });
    const sender = new RecordSender(kit.client);
    ends.push(() => sender.close());
    const gate = givenGate();
    let sent = 0;
    const slow = startRelay('slow', {
      acquire: () => LeasedCursor.acquire(leases, { name: 'relay', owner: 'slow', ttlMs: 1_000 }),
      sender: {
        send: async (records, check) => {
          await gate.reach('relay.sent');
          await sender.send(records, check);
          sent += 1;
        },
      },
    });
    await append(newMigrationId());
    await gate.reached;
    await leases.end();
    const other = startRelay('other');
    await caughtUp(other);
    await gate.open();
    await until(() => slow.state.because !== undefined);
    expect([slow.state.because, sent]).toEqual(['LEASE_LOST', 0]);
  });

  it('publishes what is appended without waiting for its poll', async () => {
    const wake = new LedgerWake(ledger.urls.plannerUrl);
    ends.push(() => wake.close());
    let waits = 0;
    const neverPolling: RelayParts['wake'] = {
      waitFor: (signal, _timeoutMs, after) => {
        waits += 1;
        return wake.waitFor(signal, 3_600_000, after);
      },
    };
    const relay = startRelay('one', { wake: neverPolling });
    await caughtUp(relay);
    for (let n = 0; n < 20; n += 1) {
      await append(newMigrationId());
      const { position } = await ledger.planner.reader.head();
      await until(() => (relay.state.position ?? 0n) >= position);
    }
    expect(waits).toBeGreaterThan(0);
  });

  it('stands by while another has the lease and takes over when that one stops', async () => {
    const first = startRelay('first');
    await until(() => first.state.phase === 'publishing');
    const second = startRelay('second');
    await until(() => second.state.phase === 'standby');
    await first.stop();
    expect(first.state.phase).toBe('stopped');
    await append(newMigrationId());
    await caughtUp(second);
    expect((await readEventsTopic(kit.client, topics.events)).gaps).toBe(0);
  });

  it('waits while the ledger does not answer and goes on afterwards', async () => {
    const service = openService(ledger.urls.plannerUrl);
    ends.push(() => closeService(service));
    const { reader, writer, pools } = service;
    const relay = startRelay('one', {
      reader,
      writer,
      acquire: () => LeasedCursor.acquire(pools.leases, { name: 'relay', owner: 'one', ttlMs: LEASE_TTL_MS }),
    });
    await caughtUp(relay);
    await ledger.query(
      `alter database ${ledger.database} with allow_connections false`,
      [],
      ledger.adminUrl.replace(ledger.database, 'postgres'),
    );
    await ledger.query(
      // Waits until each is gone: a connection that dies later would fail the appends below.
      `select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1`,
      [ledger.database],
      ledger.adminUrl.replace(ledger.database, 'postgres'),
    );
    await until(() => relay.state.because !== undefined);
    await ledger.query(
      `alter database ${ledger.database} with allow_connections true`,
      [],
      ledger.adminUrl.replace(ledger.database, 'postgres'),
    );
    await append(newMigrationId(), 3);
    await caughtUp(relay);
    const { gaps, repeats } = await readEventsTopic(kit.client, topics.events);
    expect({ gaps, repeats }).toEqual({ gaps: 0, repeats: 0 });
  });
});

/** A fault point at which a relay stands still until the gate is opened. */
function givenGate(): { reach(name: string): Promise<void>; open(): Promise<void>; reached: Promise<void> } {
  let [open, arrive]: (() => void)[] = [];
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  return {
    reached,
    open: () => Promise.resolve(open?.()),
    reach: (name) => {
      if (name === 'relay.sent') arrive?.();
      return opened;
    },
  };
}

function stepCommanded(migrationId: string): Extract<NewEvent, { type: 'StepCommanded' }> {
  return {
    eventId: randomUUID(),
    type: 'StepCommanded',
    schemaVersion: 1,
    data: {
      migrationId,
      stepId: 'stop-service',
      direction: 'run',
      generation: 1,
      kind: 'stop-service',
      version: 1,
      params: { note: 'exact "text" ü' },
      timeoutMs: 1_000,
    },
    metadata: { correlationId: migrationId, causationId: migrationId, actor: 'planner' },
  };
}

function instanceEvent(): NewEvent {
  return {
    eventId: randomUUID(),
    type: 'HealthChanged',
    schemaVersion: 1,
    data: { subject: 'x', healthy: true, detail: '' },
    metadata: { correlationId: 'c', causationId: 'c', actor: 'planner' },
  };
}
