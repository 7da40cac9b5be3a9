import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ResultOf } from '#shared/contracts/steps/step-types.js';
import { STEPS } from '../../../apps/executor/src/steps/step-registry.js';
import type { Step } from '../../../apps/executor/src/running/step.js';
import { attempt, DeadAttempt, resultOf, type AttemptOptions } from '../../harness/attempts.js';
import type { ConformanceCase } from './conformance-case.js';
import { CASES } from './conformance-cases.js';
import { ConformanceWorld } from './conformance-world.js';

let world: ConformanceWorld | undefined;
const results: Record<string, unknown> = {};

beforeAll(async () => {
  world = await ConformanceWorld.create();
  const { controller, movedDatabase } = world;
  controller.environment = { HOST: 'old-host', USER: 'old', PASSWORD: 'of the application' };
  controller.resources = { cpu: 1, memory: '2Gi' };
  controller.onStart = async () => {
    // Until the copy is published the application runs elsewhere.
    if (results['publish-database'] !== undefined) await world?.connectApplication(movedDatabase);
  };
  controller.onStop = async () => world?.disconnectApplication();
}, 120_000);

afterAll(async () => {
  await world?.close();
}, 60_000);

/** An attempt that is not of the first generation, after the first was undone. */
const AGAIN = 2;

describe.each(Object.values(CASES).map((one) => [one.kind, one] as const))('%s', (kind, untyped) => {
  const one = untyped as ConformanceCase<StepKind>;
  const step = STEPS[kind] as Step<StepKind>;
  let base: Omit<AttemptOptions<StepKind>, 'attempt'>;
  let before = '';
  let after = '';
  let dead: DeadAttempt<StepKind>;
  let result: ResultOf<StepKind>;

  beforeAll(async () => {
    if (world === undefined) throw new Error('the world does not exist');
    base = { step, params: one.params(world, results), tools: world.tools, migrationId: world.migrationId };
    before = await world.snapshot();
  });

  it('is done by the next attempt when the process dies in its middle', async () => {
    dead = await DeadAttempt.at(one.diesAt, { ...base, attempt: 1 });
    result = resultOf(await attempt({ ...base, attempt: 2 })) as unknown as ResultOf<StepKind>;
    after = (await world?.snapshot()) ?? '';
  }, 60_000);

  it('lets the dead attempt change nothing when it wakes up', async () => {
    await dead.wake().catch(() => undefined);
    expect(await world?.snapshot()).toBe(after);
  }, 60_000);

  it('changes nothing when it is run again', async () => {
    resultOf(await attempt({ ...base, attempt: 3 }));
    expect(await world?.snapshot()).toBe(after);
  }, 60_000);

  if (typeof step.undo !== 'function') {
    it('says why it cannot be undone', async () => {
      const undone = attempt({ ...base, attempt: 1, direction: 'undo', result });
      await expect(undone).rejects.toMatchObject({ code: 'STEP_IRREVERSIBLE' });
      results[kind] = result;
    });
    return;
  }

  if (one.undoneWith !== undefined) {
    it('leaves its undo to the step that made what it changed', async () => {
      expect(resultOf(await attempt({ ...base, attempt: 1, direction: 'undo', result }))).toEqual({});
      results[kind] = result;
    });
    return;
  }

  if (one.leaves !== undefined) {
    it(`leaves ${one.leaves} when it is undone, and undone again`, async () => {
      resultOf(await attempt({ ...base, attempt: 1, direction: 'undo', result }));
      const left = await world?.snapshot();
      resultOf(await attempt({ ...base, attempt: 2, direction: 'undo', result }));
      expect(await world?.snapshot()).toBe(left);
      results[kind] = resultOf(await attempt({ ...base, attempt: 1, generation: AGAIN }));
    }, 60_000);
    return;
  }

  it('leaves the world as it was before when it is undone, and undone again', async () => {
    resultOf(await attempt({ ...base, attempt: 1, direction: 'undo', result }));
    expect(await world?.snapshot()).toBe(before);
    resultOf(await attempt({ ...base, attempt: 2, direction: 'undo', result }));
    expect(await world?.snapshot()).toBe(before);
  }, 60_000);

  it('can be undone when its only attempt died without a result', async () => {
    await DeadAttempt.at(one.diesAt, { ...base, attempt: 1, generation: AGAIN });
    resultOf(await attempt({ ...base, attempt: 1, generation: AGAIN, direction: 'undo' }));
    expect(await world?.snapshot()).toBe(before);
  }, 60_000);

  it('is done and verified when it is run afresh', async () => {
    const fresh = await attempt({ ...base, attempt: 1, generation: AGAIN + 1 });
    results[kind] = resultOf(fresh);
    if (world !== undefined) await one.holds?.(world, results[kind] as ResultOf<StepKind>);
  }, 60_000);
});
