import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#shared/observability/logger.js';
import { createKeyPair } from '#shared/signing/signing-keys.js';
import { Executor } from '../../apps/executor/src/executor.js';
import { readExecutorConfig } from '../../apps/executor/src/executor.config.js';
import { EMPTY_PLAN } from '../harness/empty-plan.js';
import { ExecutorRig, type StepCommandedEvent } from '../harness/executor-rig.js';
import { until } from '../harness/messaging-test-kit.js';

const stranger = createKeyPair();
const executors: Executor[] = [];
let rig: ExecutorRig;

beforeAll(async () => {
  rig = await ExecutorRig.create();
}, 60_000);

afterEach(async () => {
  for (const executor of executors.splice(0)) await executor.stop();
});

afterAll(async () => {
  await rig.close();
});

/** One that takes its commands from the ledger, as in a process that has the planner, too. */
async function executor(name = 'one'): Promise<Executor> {
  const config = readExecutorConfig(rig.environment({ REHOME_EXECUTOR_NAME: name }));
  const made = new Executor(config, silentLogger());
  executors.push(made);
  await made.start('ledger');
  return made;
}

function command(options: { readonly signedBy?: string; readonly site?: string } = {}): Promise<StepCommandedEvent> {
  return rig.command({ kind: 'describe-plan', params: { plan: EMPTY_PLAN }, ...options });
}

async function typesOf(event: StepCommandedEvent): Promise<string[]> {
  return (await rig.eventsOf(event.data)).map(({ type }) => type);
}

async function stateOf({ eventId }: StepCommandedEvent): Promise<object | undefined> {
  const text = 'select state, cancel_requested as cancelled from executor.step_run where command_id = $1';
  return (await rig.ledger.query(text, [eventId]))[0];
}

describe('a command that is delivered from the ledger', () => {
  it('is run as soon as it is committed, published or not, and no cursor moves', async () => {
    await executor();
    const fresh = await command();
    expect(await rig.outcome(fresh.data)).toMatchObject({ type: 'StepSucceeded' });
    expect(await rig.ledger.query('select name from ledger.cursor')).toEqual([]);
  });

  it('is run once, though it is older than two executors that deliver it at the same time', async () => {
    const old = await command();
    await Promise.all([executor('one'), executor('two')]);
    const later = await command();
    for (const { data } of [old, later]) expect(await rig.outcome(data)).toMatchObject({ type: 'StepSucceeded' });
    expect(await typesOf(old)).toEqual(['StepAccepted', 'StepStarted', 'StepSucceeded']);
    expect(await typesOf(later)).toEqual(['StepAccepted', 'StepStarted', 'StepSucceeded']);
  });

  it('is left alone when a key signed it that is not trusted here: others may hold it', async () => {
    const theirs = await command({ signedBy: stranger.privateKey });
    await executor();
    const ours = await command();
    await rig.outcome(ours.data);
    expect(await typesOf(theirs)).toEqual([]);
  });

  it('is cancelled although the cancel was committed while nobody was there', async () => {
    const waiting = await command({ site: 'elsewhere' });
    const first = await executor();
    await until(async () => (await stateOf(waiting)) !== undefined);
    await first.stop();
    executors.pop();
    await rig.cancel(waiting.data);
    await executor('two');
    await until(async () => JSON.stringify(await stateOf(waiting)).includes('true'));
    expect(await stateOf(waiting)).toEqual({ state: 'accepted', cancelled: true });
  });
});
