import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LeasedCursor } from '#shared/ledger/leased-cursor.js';
import { LedgerWake } from '#shared/ledger/ledger-wake.js';
import { RecordSender } from '#shared/messaging/record-sender.js';
import { Relay } from '#shared/messaging/relay.js';
import { silentLogger } from '#shared/observability/logger.js';
import { ExecutorApp } from '../../apps/executor/src/executor-app.js';
import { readExecutorConfig } from '../../apps/executor/src/executor.config.js';
import { EMPTY_PLAN } from '../harness/empty-plan.js';
import { ExecutorRig } from '../harness/executor-rig.js';
import { openMessagingTestKit, until } from '../harness/messaging-test-kit.js';
import { runKafkaBrokers } from '../harness/run-addresses.js';

/** Far above what is usual (about 20 ms on two idle cores), below every interval that a lost wake-up would wait (500 ms). */
const LATENCY_LIMIT_MS = 400;

describe('commands over Kafka', () => {
  let rig: ExecutorRig | undefined;
  let app: ExecutorApp | undefined;
  let topic = '';
  const kit = openMessagingTestKit();
  const ends: (() => Promise<void>)[] = [];
  const world = (): ExecutorRig => {
    if (rig === undefined) throw new Error('there is no ledger');
    return rig;
  };

  function startRelay(): Relay {
    const { pools, reader, writer } = world().ledger.planner;
    const wake = new LedgerWake(world().ledger.urls.plannerUrl);
    const sender = new RecordSender(kit.client);
    const relay = new Relay({
      acquire: () => LeasedCursor.acquire(pools.leases, { name: 'relay', owner: 'one', ttlMs: 15_000 }),
      reader,
      writer,
      wake,
      sender,
      faults: { reach: () => Promise.resolve() },
      logger: silentLogger(),
      topics: { commands: topic, events: kit.topic('events') },
    });
    relay.start();
    ends.push(async () => {
      await relay.stop();
      await Promise.all([wake.close(), sender.close()]);
    });
    return relay;
  }

  beforeAll(async () => {
    rig = await ExecutorRig.create();
    topic = await kit.createTopic('commands');
    await kit.createTopic('events');
    const environment = rig.environment({
      REHOME_KAFKA_BROKERS: runKafkaBrokers().join(','),
      REHOME_KAFKA_GROUP_PREFIX: kit.topic('group'),
      REHOME_LOG_LEVEL: 'silent',
      // Kafka gets all the time there is: what runs here came over Kafka.
      REHOME_SWEEP_GRACE_MS: '600000',
    });
    app = await ExecutorApp.start({ ...readExecutorConfig(environment), commandsTopic: topic });
    const url = await app.url();
    await until(async () => (await (await fetch(`${url}/health/ready`)).text()).includes('"kafka":{"status":"up"}'));
  }, 60_000);

  afterAll(async () => {
    for (const end of ends) await end();
    await app?.stop();
    await rig?.close();
  }, 60_000);

  it('start nothing before they are published, and everything afterwards', async () => {
    const commands = [];
    for (let count = 0; count < 5; count += 1) {
      commands.push(await world().command({ kind: 'describe-plan', params: { plan: EMPTY_PLAN } }));
    }
    expect(await world().ledger.query('select 1 from executor.step_run')).toEqual([]);
    startRelay();
    for (const command of commands) {
      expect(await world().outcome(command.data)).toMatchObject({ type: 'StepSucceeded', data: { attempt: 1 } });
    }
  });

  it('become outcomes without waiting for any timer', async () => {
    const durations: number[] = [];
    for (let count = 0; count < 15; count += 1) {
      const began = performance.now();
      const command = await world().command({ kind: 'describe-plan', params: { plan: EMPTY_PLAN } });
      await world().outcome(command.data);
      durations.push(performance.now() - began);
    }
    // The fourth quickest of fifteen: a machine that is busy delays many, a timer that is waited for delays all.
    const quick = durations.sort((left, right) => left - right)[3] ?? Infinity;
    expect(quick).toBeLessThan(LATENCY_LIMIT_MS);
  });

  it('have one effect when Kafka brings them again from the start', async () => {
    const command = await world().command({ kind: 'describe-plan', params: { plan: EMPTY_PLAN } });
    await world().outcome(command.data);
    await app?.stop();
    const environment = world().environment({
      REHOME_KAFKA_BROKERS: runKafkaBrokers().join(','),
      // Another group begins at the oldest record: as after a lost offset.
      REHOME_KAFKA_GROUP_PREFIX: kit.topic('again'),
      REHOME_LOG_LEVEL: 'silent',
      REHOME_SWEEP_GRACE_MS: '600000',
    });
    app = await ExecutorApp.start({ ...readExecutorConfig(environment), commandsTopic: topic });
    const url = await app.url();
    await until(async () =>
      /rehome_commands_total\{outcome="duplicate"\} 2\d/.test(await (await fetch(`${url}/metrics`)).text()),
    );
    const types = (await world().eventsOf(command.data)).map(({ type }) => type);
    expect(types).toEqual(['StepAccepted', 'StepStarted', 'StepSucceeded']);
  });
});
