import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StackOptions } from '../../scripts/stack/stack-options.js';
import { before, expectLedgerPublished, expectMoved, expectTakenBack, ofStep } from '../harness/move-outcome.js';
import { MoveWorld } from '../harness/move-world.js';
import { refuseRestore } from '../harness/unrestorable.js';

const CASE_MS = 180_000;
const QUIET: Partial<StackOptions> = {
  // Far longer than a cluster takes on a busy machine: its failure would be counted. Short enough for one that hangs.
  executorEnv: { REHOME_PROVISIONER_TIMEOUT_MS: '30000' },
};

describe('a move with a target in trouble', () => {
  let world: MoveWorld;

  beforeAll(async () => {
    world = await MoveWorld.start(QUIET);
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  test(
    'is taken back when the restore fails, which names what PostgreSQL said',
    async () => {
      const was = before(await world.tenant());
      await refuseRestore(world, was);
      const migrationId = await world.upgrade(was.tenant);
      const body = await expectTakenBack(world, was, migrationId);
      expect(body.reasons).toMatchObject([{ code: 'TOOL_FAILED', detail: expect.stringContaining('homebody') }]);
      expect(ofStep(await world.events(migrationId), 'restore-database', 'StepFailed')).toMatchObject([
        { final: true },
      ]);
    },
    CASE_MS,
  );

  test(
    'asks a provisioner again that answers 500, nonsense or nothing, and gets one server [c8]',
    async () => {
      await provisionerFaults({ status500: 1, nonsense: 1, hang: 1 });
      const was = before(await world.tenant());
      const migrationId = await world.upgrade(was.tenant);
      await expectMoved(world, was, migrationId);
      const failures = ofStep(await world.events(migrationId), 'provision-server', 'StepFailed');
      expect(failures.map(({ final }) => final)).toEqual([false, false, false]);
      expect(failures.map(({ failure }) => (failure as { code: string }).code).sort()).toEqual([
        'PROVISIONER_ANSWER_INVALID',
        'PROVISIONER_UNAVAILABLE',
        'PROVISIONER_UNAVAILABLE',
      ]);
      const mine = (await world.dedicatedServers()).filter((id) => id.includes(was.tenant.instanceId.slice(0, 8)));
      expect(mine).toHaveLength(1);
    },
    CASE_MS,
  );

  test(
    'is taken back when the provisioner answers 500 seven times, with nothing stopped [c8]',
    async () => {
      await provisionerFaults({ status500: 1_000 });
      const was = before(await world.tenant());
      const writes = (await was.tenant.healthy()).writes;
      const migrationId = await world.upgrade(was.tenant);
      const body = await expectTakenBack(world, was, migrationId);
      await provisionerFaults({});
      expect(ofStep(await world.events(migrationId), 'provision-server', 'StepFailed')).toHaveLength(7);
      expect(body.reasons).toMatchObject([{ code: 'PROVISIONER_UNAVAILABLE' }]);
      expect(body.downtimeMs).toBe(0);
      expect((await was.tenant.healthy()).writes).toBeGreaterThan(writes);
    },
    CASE_MS,
  );

  test('leaves a ledger whose chain holds and that Kafka knows without a gap', async () => {
    await expectLedgerPublished(world);
  });

  async function provisionerFaults(faults: Readonly<Record<string, number>>): Promise<void> {
    await fetch(`${world.stack.provisioner?.url ?? ''}/faults`, { method: 'PUT', body: JSON.stringify(faults) });
  }
});
