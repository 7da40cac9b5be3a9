import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HeldLock } from '../harness/held-lock.js';
import {
  before,
  expectLedgerPublished,
  expectMoved,
  expectTakenBack,
  ofStep,
  startsOf,
  type Before,
} from '../harness/move-outcome.js';
import { MoveWorld, type Gate } from '../harness/move-world.js';
import { workingDatabase } from '../harness/working-database.js';
import { refuseRestore } from '../harness/unrestorable.js';

const CASE_MS = 180_000;

describe('a move whose executor is killed with -9', () => {
  let world: MoveWorld;

  beforeAll(async () => {
    world = await MoveWorld.start();
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  test(
    'in the dump ends as an undisturbed one, and the dump that outlived it is ended',
    async () => {
      const at = 'dump-database';
      const { gate, migrationId, was } = await moveUntil(`step.${at}.run.before`);
      const { server, database } = was.tenant.options;
      const lock = await HeldLock.take(server.adminUrl, database, 'res_partner in access exclusive mode');
      await killAmong(lock, gate);
      await lock.release();
      await expectTakenOver(was, migrationId, at);
    },
    CASE_MS,
  );

  test(
    'in the restore ends as an undisturbed one, from an empty database again',
    async () => {
      const at = 'restore-database';
      const { gate, migrationId, was } = await moveUntil(`step.${at}.run.before`);
      const copy = await workingDatabase(world, migrationId);
      // Policies come last: by then every row is there.
      const lock = await HeldLock.take(copy.adminUrl, copy.name, 'pg_catalog.pg_policy in share mode');
      await killAmong(lock, gate);
      await lock.release();
      await expectTakenOver(was, migrationId, at);
    },
    CASE_MS,
  );

  test(
    'in the verification ends as an undisturbed one',
    async () => {
      const at = 'verify-copy';
      const { gate, migrationId, was } = await moveUntil(`step.${at}.run.before`);
      const copy = await workingDatabase(world, migrationId);
      const lock = await HeldLock.take(copy.adminUrl, copy.name, 'res_partner in access exclusive mode');
      await killAmong(lock, gate);
      await lock.release();
      await expectTakenOver(was, migrationId, at);
    },
    CASE_MS,
  );

  test(
    'between the start of the application and the look at its connections ends as an undisturbed one',
    async () => {
      const at = 'verify-connections';
      const { migrationId, was, gate } = await moveUntil(`step.${at}.probe`);
      await gate.reached();
      await world.stack.executor.kill9();
      await world.stack.executor.restart();
      await expectTakenOver(was, migrationId, at);
    },
    CASE_MS,
  );

  test(
    'after the start of the application and before it could say so does not start it twice',
    async () => {
      const at = 'start-service';
      await world.stack.executor.stop();
      await world.stack.executor.restart({ REHOME_FAULT_POINTS: `step.${at}.finish.before=kill` });
      const was = before(await world.tenant());
      const migrationId = await world.upgrade(was.tenant);
      expect(await world.stack.executor.ended()).toBe('SIGKILL');
      await world.stack.executor.restart();
      await expectTakenOver(was, migrationId, at);
      expect(ofStep(await world.events(migrationId), at, 'StepSucceeded')).toMatchObject([{ alreadyDone: true }]);
    },
    CASE_MS,
  );

  test(
    'while it is taken back starts the application on the old server once',
    async () => {
      const at = 'stop-service';
      await world.stack.executor.stop();
      await world.stack.executor.restart({ REHOME_FAULT_POINTS: `step.${at}.undo.after=kill` });
      const was = before(await world.tenant());
      await refuseRestore(world, was);
      const migrationId = await world.upgrade(was.tenant);
      expect(await world.stack.executor.ended()).toBe('SIGKILL');
      await world.stack.executor.restart();
      await expectTakenBack(world, was, migrationId);
      expect(await startsOf(was.tenant)).toBe(2);
      const undone = ofStep(await world.events(migrationId), at, 'StepUndone');
      expect(undone).toMatchObject([{ direction: 'undo', attempt: 2 }]);
    },
    CASE_MS,
  );

  test('leaves a ledger whose chain holds and that Kafka knows without a gap', async () => {
    await expectLedgerPublished(world);
  });

  /** Asks for a move and waits until its executor stands at the point. */
  async function moveUntil(point: string) {
    const gate = world.gate('executor');
    await world.stack.executor.stop();
    await world.stack.executor.restart({ REHOME_FAULT_POINTS: gate.wait(point) });
    const was = before(await world.tenant());
    const migrationId = await world.upgrade(was.tenant);
    await gate.reached();
    return { gate, migrationId, was };
  }

  /** Lets the step go on into the lock, kills its executor there, and waits until the next one has cleared up. */
  async function killAmong(lock: HeldLock, gate: Gate): Promise<void> {
    gate.open();
    const waiting = await lock.waiters();
    await world.stack.executor.kill9();
    await world.stack.executor.restart();
    await lock.gone(waiting);
  }

  async function expectTakenOver(was: Before, migrationId: string, at: string): Promise<void> {
    await expectMoved(world, was, migrationId);
    const events = await world.events(migrationId);
    expect(ofStep(events, at, 'StepLeaseLost')).toMatchObject([{ attempt: 1, fence: 1 }]);
    expect(ofStep(events, at, 'StepStarted').map(({ attempt }) => attempt)).toEqual([1, 2]);
  }
});
