import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMANDS_TOPIC, EVENTS_TOPIC } from '#shared/contracts/topics.js';
import type { CloudEvent } from '#shared/messaging/cloud-event.js';
import { decodeCloudEvent } from '#shared/messaging/decode-cloud-event.js';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import { readTopic } from '#shared/messaging/topic-reader.js';
import { silentLogger } from '#shared/observability/logger.js';
import { before, expectLedgerPublished, expectMoved, ofStep, until, type Before } from '../harness/move-outcome.js';
import { MoveWorld } from '../harness/move-world.js';

const CASE_MS = 180_000;
const DIES_AFTER_APPEND = { REHOME_FAULT_POINTS: 'process-manager.appended=kill' };

describe('a move whose planner is killed with -9', () => {
  let world: MoveWorld;

  beforeAll(async () => {
    world = await MoveWorld.start();
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  test(
    'after it appended its first decision goes on, and the same request again is that move',
    async () => {
      const { planner } = world.stack;
      const was = before(await world.tenant());
      const key = randomUUID();
      await planner.stop();
      await planner.restart(DIES_AFTER_APPEND);
      // It may die before it has answered; the request is in the ledger all the same.
      await ask(was, key).catch(() => undefined);
      expect(await planner.ended()).toBe('SIGKILL');
      await planner.restart();
      const migrationId = await ask(was, key);
      await expectMoved(world, was, migrationId);
      await expectCommandedOnce(migrationId);
    },
    CASE_MS,
  );

  test(
    'after it appended a decision in the middle of the cutover goes on, and no step is commanded twice',
    async () => {
      const { planner } = world.stack;
      const { gate, was, migrationId } = await moveUntilDump();
      await planner.kill9();
      planner.launch(DIES_AFTER_APPEND);
      gate.open();
      expect(await planner.ended()).toBe('SIGKILL');
      await planner.restart();
      await expectMoved(world, was, migrationId);
      await expectCommandedOnce(migrationId);
    },
    CASE_MS,
  );

  test(
    'between the sending of a batch and the moving of the cursor sends it again under the same ids, without effect',
    async () => {
      const { planner } = world.stack;
      const { gate, was, migrationId } = await moveUntilDump();
      // The relay stands after its first batch while the process manager goes on; the command is in this batch or the next.
      for (const batch of ['outcome', 'command']) {
        const sent = world.gate(batch);
        await planner.kill9();
        planner.launch({ REHOME_FAULT_POINTS: sent.wait('relay.sent') });
        gate.open();
        await sent.reached();
        await until('the next command', () => commandOf(migrationId, 'restore-database'));
      }
      await planner.kill9();
      await planner.restart();
      await expectMoved(world, was, migrationId);
      const command = (await commandOf(migrationId, 'restore-database')) ?? '';
      for (const topic of [COMMANDS_TOPIC, EVENTS_TOPIC]) {
        const [first, ...others] = await copiesOf(topic, command);
        expect(others.length).toBeGreaterThan(0);
        for (const other of others) expect(other).toEqual(first);
      }
      expect(ofStep(await world.events(migrationId), 'restore-database', 'StepAccepted')).toHaveLength(1);
      expect(ofStep(await world.events(migrationId), 'restore-database', 'StepStarted')).toHaveLength(1);
    },
    CASE_MS,
  );

  test('leaves a ledger whose chain holds and that Kafka knows without a gap, repeats aside', async () => {
    expect((await expectLedgerPublished(world)).repeats).toBeGreaterThan(0);
  });

  async function ask({ tenant }: Before, key: string): Promise<string> {
    const body = { kind: 'upgrade', instanceId: tenant.instanceId, toPlan: 'premium', options: {} };
    const answer = await world.planner.call<{ migrationId: string }>('POST', '/v1/migrations', body, {
      'idempotency-key': key,
    });
    return answer.migrationId;
  }

  /** A move whose executor stands before its dump: nothing is left to decide. */
  async function moveUntilDump() {
    const gate = world.gate('executor');
    await world.stack.executor.stop();
    await world.stack.executor.restart({ REHOME_FAULT_POINTS: gate.wait('step.dump-database.run.before') });
    const was = before(await world.tenant());
    const migrationId = await world.upgrade(was.tenant);
    await gate.reached();
    return { gate, was, migrationId };
  }

  async function expectCommandedOnce(migrationId: string): Promise<void> {
    const commands = (await world.events(migrationId)).filter(({ type }) => type === 'StepCommanded');
    const steps = commands.map(({ data }) => String(data['stepId']));
    expect(steps).toEqual([...new Set(steps)]);
  }

  /** Id of the command that ran the step; undefined while there is none or nobody to ask. */
  async function commandOf(migrationId: string, stepId: string): Promise<string | undefined> {
    const events = await world.events(migrationId).catch(() => []);
    return events.find(({ type, data }) => type === 'StepCommanded' && data['stepId'] === stepId)?.eventId;
  }

  async function copiesOf(topic: string, eventId: string): Promise<CloudEvent[]> {
    const brokers = world.stack.kafka?.brokers.split(',') ?? [];
    const records = await readTopic(new KafkaClient({ brokers, clientId: 'faults' }, silentLogger()), topic);
    return records.map(decodeCloudEvent).filter(({ id }) => id === eventId);
  }
});
