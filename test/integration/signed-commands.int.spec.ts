import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { LedgerEvent } from '#shared/contracts/events.js';
import { encodeLedgerEvent } from '#shared/messaging/encode-event.js';
import type { OutgoingRecord } from '#shared/messaging/kafka-record.js';
import { RecordSender } from '#shared/messaging/record-sender.js';
import { createKeyPair } from '#shared/signing/signing-keys.js';
import { ExecutorApp } from '../../apps/executor/src/executor-app.js';
import { readExecutorConfig } from '../../apps/executor/src/executor.config.js';
import { EMPTY_PLAN } from '../harness/empty-plan.js';
import { ExecutorRig, type StepCommandedEvent } from '../harness/executor-rig.js';
import { openMessagingTestKit, until } from '../harness/messaging-test-kit.js';
import { runKafkaBrokers } from '../harness/run-addresses.js';

const NEVER = { REHOME_SWEEP_GRACE_MS: '600000' };
const stranger = createKeyPair();
const kit = openMessagingTestKit();
const sender = new RecordSender(kit.client);
const apps: ExecutorApp[] = [];
let rig: ExecutorRig;
let topic = '';
let groups = 0;

beforeAll(async () => {
  rig = await ExecutorRig.create();
  topic = await kit.createTopic('commands');
}, 60_000);

afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
});

afterAll(async () => {
  await sender.close();
  await rig.close();
});

async function executor(extra: Readonly<Record<string, string>> = {}): Promise<ExecutorApp> {
  const environment = rig.environment({ REHOME_LOG_LEVEL: 'silent', ...extra });
  const app = await ExecutorApp.start({ ...readExecutorConfig(environment), commandsTopic: topic });
  apps.push(app);
  return app;
}

/** One that only Kafka brings commands to, from the topic's beginning. */
async function executorOnKafka(extra: Readonly<Record<string, string>> = {}): Promise<ExecutorApp> {
  groups += 1;
  const app = await executor({
    ...NEVER,
    REHOME_KAFKA_BROKERS: runKafkaBrokers().join(','),
    REHOME_KAFKA_GROUP_PREFIX: kit.topic(`group-${String(groups)}`),
    ...extra,
  });
  const url = await app.url();
  await until(async () => (await (await fetch(`${url}/health/ready`)).text()).includes('"kafka":{"status":"up"}'));
  return app;
}

function command(signedBy?: string | null): Promise<StepCommandedEvent> {
  return rig.command({
    kind: 'describe-plan',
    params: { plan: EMPTY_PLAN },
    ...(signedBy === undefined ? {} : { signedBy }),
  });
}

/** A command as the relay would publish it, with what somebody changed of it on the way. */
async function published(event: LedgerEvent, changes: Partial<LedgerEvent> = {}): Promise<OutgoingRecord> {
  const { ledgerId } = await rig.reader.head();
  const changed = { ...event, ...changes } as LedgerEvent;
  return encodeLedgerEvent(
    { ...changed, dataText: JSON.stringify(changed.data), metadataText: JSON.stringify(changed.metadata) },
    ledgerId,
    topic,
  );
}

async function typesOf(event: StepCommandedEvent): Promise<string[]> {
  return (await rig.eventsOf(event.data)).map(({ type }) => type);
}

async function metric(app: ExecutorApp, line: RegExp): Promise<number> {
  const text = await (await fetch(`${await app.url()}/metrics`)).text();
  return Number(line.exec(text)?.[1] ?? 0);
}

describe('a command of the planner', () => {
  it.each<[string, string | null, string]>([
    ['unsigned', null, 'COMMAND_UNSIGNED'],
    ['signed with a key that the executor does not know', stranger.privateKey, 'COMMAND_KEY_UNKNOWN'],
  ])('that is %s is not run: its step fails', async (_what, signedBy, code) => {
    await executor();
    const refused = await command(signedBy);
    await rig.pretendPublished();
    expect(await rig.outcome(refused.data)).toMatchObject({
      type: 'StepFailed',
      data: { attempt: 0, final: true, failure: { code } },
    });
    const runs = 'select 1 from executor.step_run where migration_id = $1';
    expect(await rig.ledger.query(runs, [refused.data.migrationId])).toEqual([]);
  });

  it('is run under the old key and the new one while both are trusted', async () => {
    await executor({ REHOME_COMMAND_KEYS: rig.keys.publicKey + stranger.publicKey });
    const [old, fresh] = [await command(), await command(stranger.privateKey)];
    await rig.pretendPublished();
    for (const { data } of [old, fresh]) expect(await rig.outcome(data)).toMatchObject({ type: 'StepSucceeded' });
  });

  it('that was taken in stays what it was when its key is retired and Kafka brings it again', async () => {
    const taken = await command();
    await executor();
    await rig.pretendPublished();
    await rig.outcome(taken.data);
    await sender.send([await published(taken)]);
    const later = await executorOnKafka({ REHOME_COMMAND_KEYS: stranger.publicKey });
    await until(async () => (await metric(later, /rehome_commands_total\{outcome="duplicate"\} (\d+)/)) > 0);
    expect(await typesOf(taken)).toEqual(['StepAccepted', 'StepStarted', 'StepSucceeded']);
  });
});

describe('a forged command', () => {
  it('cannot fail, change or end the run that it names: it is recorded, put aside and counted', async () => {
    const app = await executorOnKafka();
    const genuine = await command();
    const { signature: _none, ...bare } = genuine.metadata;
    const data = { ...genuine.data, params: { plan: { ...EMPTY_PLAN, title: 'mine' } } };
    const foreign = await command(stranger.privateKey);
    await sender.send([
      await published(genuine, { metadata: bare }),
      await published(genuine, { data }),
      await published(genuine, { metadata: foreign.metadata }),
    ]);
    const refused = 'StepCommandRefused';
    await until(async () => (await typesOf(genuine)).length === 3);
    expect(await typesOf(genuine)).toEqual([refused, refused, refused]);
    await sender.send([await published(genuine)]);
    expect(await rig.outcome(genuine.data)).toMatchObject({ type: 'StepSucceeded', data: { attempt: 1 } });
    const recorded = (await rig.eventsOf(genuine.data)).filter(({ type }) => type === refused);
    expect(recorded.map((event) => (event.type === refused ? event.data.reason.code : ''))).toEqual(
      expect.arrayContaining(['COMMAND_UNSIGNED', 'COMMAND_SIGNATURE_INVALID', 'COMMAND_KEY_UNKNOWN']),
    );
    const unsigned = /rehome_refused_commands_total\{reason="COMMAND_UNSIGNED"\} (\d+)/;
    expect(await metric(app, unsigned)).toBe(1);
    const deadLetters = /rehome_dead_letters_total\{topic="[^"]+",reason="COMMAND_UNSIGNED"\} (\d+)/;
    await until(async () => (await metric(app, deadLetters)) === 1);
  });

  it('that names no run of the ledger starts none', async () => {
    await executorOnKafka();
    const genuine = await command();
    const data = { ...genuine.data, migrationId: genuine.data.migrationId.replaceAll(/[0-9]/g, 'a'), stepId: 'stolen' };
    await sender.send([await published(genuine, { data })]);
    const at = { migrationId: data.migrationId, stepId: data.stepId };
    await until(async () => (await rig.eventsOf(at)).length > 0);
    expect((await rig.eventsOf(at)).map(({ type }) => type)).toEqual(['StepCommandRefused']);
    expect(await rig.ledger.query(`select 1 from executor.step_run where step_id = 'stolen'`)).toEqual([]);
  });

  it('cannot cancel a run', async () => {
    const waiting = await rig.command({ kind: 'describe-plan', params: { plan: EMPTY_PLAN }, site: 'nowhere' });
    await executorOnKafka();
    await sender.send([await published(waiting)]);
    await rig.until(waiting.data, ({ type }) => type === 'StepAccepted');
    const { migrationId, stepId, direction, generation } = waiting.data;
    await sender.send([
      await published(waiting, {
        eventId: '0f1d1c52-5a4e-4c61-9a37-3f0f3f1c9c5b',
        type: 'StepCancelCommanded',
        data: { migrationId, stepId, direction, generation, reason: 'mine' },
      }),
    ]);
    await rig.until(waiting.data, ({ type }) => type === 'StepCommandRefused');
    const asked = 'select cancel_requested from executor.step_run where migration_id = $1';
    expect(await rig.ledger.query(asked, [migrationId])).toEqual([{ cancel_requested: false }]);
  });
});

describe('a genuine command', () => {
  it('sent again by somebody else has no second effect', async () => {
    const app = await executorOnKafka();
    const genuine = await command();
    const record = await published(genuine);
    await sender.send([record, record]);
    await rig.outcome(genuine.data);
    await sender.send([record]);
    await until(async () => (await metric(app, /rehome_commands_total\{outcome="duplicate"\} (\d+)/)) >= 2);
    expect(await typesOf(genuine)).toEqual(['StepAccepted', 'StepStarted', 'StepSucceeded']);
  });
});
