import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HeldLock } from '../harness/held-lock.js';
import { before, expectLedgerPublished, expectMoved, ofStep, until, type Before } from '../harness/move-outcome.js';
import { MoveWorld, type Gate } from '../harness/move-world.js';
import { workingDatabase } from '../harness/working-database.js';

const CASE_MS = 180_000;

describe('a move one of whose servers goes away', () => {
  let world: MoveWorld;

  beforeAll(async () => {
    // The servers must keep over a kill what they answered for.
    world = await MoveWorld.start({ durable: true });
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  test(
    'in the dump waits for the old server and dumps again',
    async () => {
      const at = 'dump-database';
      const { gate, migrationId, was } = await moveUntil(at);
      const { server, database } = was.tenant.options;
      const lock = await HeldLock.take(server.adminUrl, database, 'res_partner in access exclusive mode');
      gate.open();
      await lock.waiters();
      await server.kill9();
      await lock.release();
      await failed(migrationId, at);
      await server.restart();
      await expectRepeated(was, migrationId, at);
    },
    CASE_MS,
  );

  test(
    'in the restore begins it anew on the new server',
    async () => {
      const at = 'restore-database';
      const { gate, migrationId, was } = await moveUntil(at);
      const copy = await workingDatabase(world, migrationId);
      const lock = await HeldLock.take(copy.adminUrl, copy.name, 'pg_catalog.pg_policy in share mode');
      gate.open();
      await lock.waiters();
      await world.restartDedicated(copy.serverId);
      await lock.release();
      await expectRepeated(was, migrationId, at);
    },
    CASE_MS,
  );

  test(
    'in the verification compares again',
    async () => {
      const at = 'verify-copy';
      const { gate, migrationId, was } = await moveUntil(at);
      const copy = await workingDatabase(world, migrationId);
      const lock = await HeldLock.take(copy.adminUrl, copy.name, 'res_partner in access exclusive mode');
      gate.open();
      await lock.waiters();
      await world.restartDedicated(copy.serverId);
      await lock.release();
      await expectRepeated(was, migrationId, at);
    },
    CASE_MS,
  );

  test('leaves a ledger whose chain holds and that Kafka knows without a gap', async () => {
    await expectLedgerPublished(world);
  });

  async function moveUntil(stepId: string): Promise<{ gate: Gate; migrationId: string; was: Before }> {
    const gate = world.gate(stepId);
    await world.stack.executor.stop();
    await world.stack.executor.restart({ REHOME_FAULT_POINTS: gate.wait(`step.${stepId}.run.before`) });
    const was = before(await world.tenant());
    const migrationId = await world.upgrade(was.tenant);
    await gate.reached();
    return { gate, migrationId, was };
  }

  async function failed(migrationId: string, stepId: string) {
    return until(`${stepId} to fail`, async () => ofStep(await world.events(migrationId), stepId, 'StepFailed')[0]);
  }

  /** An error of the infrastructure: again within the step's time, and the move ends as an undisturbed one. */
  async function expectRepeated(was: Before, migrationId: string, stepId: string): Promise<void> {
    expect(await failed(migrationId, stepId)).toMatchObject({
      final: false,
      failure: { code: 'POSTGRES_UNREACHABLE' },
    });
    await expectMoved(world, was, migrationId);
  }
});
