import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ServiceProcess } from '../../scripts/stack/service-process.js';
import { HeldLock } from '../harness/held-lock.js';
import { before, expectLedgerPublished, expectMoved, ofStep, until } from '../harness/move-outcome.js';
import { MoveWorld } from '../harness/move-world.js';
import { workingDatabase } from '../harness/working-database.js';

const CASE_MS = 180_000;
/** Far above what a take-over may need here, so that nobody can take one for a lease that ran out. */
const LONG_LEASE = { REHOME_LEASE_TTL_MS: '60000', REHOME_HEARTBEAT_MS: '2000' };

describe('a move with two executors of one site', () => {
  let world: MoveWorld;
  let second: ServiceProcess | undefined;

  beforeAll(async () => {
    // Kafka takes a while to give the partitions of a silent consumer to another; the sweep does not wait for that.
    world = await MoveWorld.start({ executorEnv: { REHOME_EXECUTOR_NAME: 'one', REHOME_SWEEP_GRACE_MS: '500' } });
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  test(
    'refuses the outcome of one that was stopped for longer than its lease, and counts it',
    async () => {
      const at = 'dump-database';
      const gate = world.gate('zombie');
      await restartFirst({ REHOME_FAULT_POINTS: gate.wait(`step.${at}.finish.before`) });
      const was = before(await world.tenant());
      const migrationId = await world.upgrade(was.tenant);
      await gate.reached();
      second = await world.stack.anotherExecutor({ REHOME_EXECUTOR_NAME: 'two' });
      suspend(world.stack.executor);
      await until('a take-over', async () => (await startsOf(migrationId, at))[1]);
      gate.open();
      resume(world.stack.executor);
      await until('a refusal', async () => ((await staleFences()) > 0 ? true : undefined));
      await expectMoved(world, was, migrationId);
      const events = await world.events(migrationId);
      expect(ofStep(events, at, 'StepLeaseLost')).toMatchObject([{ owner: 'one', fence: 1 }]);
      expect(ofStep(events, at, 'StepSucceeded')).toMatchObject([{ fence: 2, alreadyDone: true }]);
    },
    CASE_MS,
  );

  test(
    'lets one that was stopped in the middle of its work go on without any effect',
    async () => {
      const at = 'restore-database';
      const gate = world.gate('zombie');
      await second?.stop();
      await restartFirst({ REHOME_FAULT_POINTS: gate.wait(`step.${at}.run.before`) });
      const was = before(await world.tenant());
      const migrationId = await world.upgrade(was.tenant);
      await gate.reached();
      const copy = await workingDatabase(world, migrationId);
      const lock = await HeldLock.take(copy.adminUrl, copy.name, 'pg_catalog.pg_policy in share mode');
      gate.open();
      const waiting = await lock.waiters();
      await second?.restart();
      suspend(world.stack.executor);
      await lock.gone(waiting);
      resume(world.stack.executor);
      await lock.release();
      await expectMoved(world, was, migrationId);
      const events = await world.events(migrationId);
      expect(await startsOf(migrationId, at)).toEqual(['one', 'two']);
      expect(ofStep(events, at, 'StepSucceeded')).toMatchObject([{ fence: 2, alreadyDone: false }]);
      expect(ofStep(events, at, 'StepFailed')).toEqual([]);
    },
    CASE_MS,
  );

  test(
    'hands a step over at once when its executor is asked to end',
    async () => {
      const at = 'dump-database';
      const gate = world.gate('locked');
      await restartBoth({ ...LONG_LEASE, REHOME_FAULT_POINTS: gate.wait(`step.${at}.run.before`) });
      const was = before(await world.tenant());
      const { server, database } = was.tenant.options;
      const migrationId = await world.upgrade(was.tenant);
      await gate.reached();
      const lock = await HeldLock.take(server.adminUrl, database, 'res_partner in access exclusive mode');
      gate.open();
      await lock.waiters();
      const [owner] = await startsOf(migrationId, at);
      const askedAt = performance.now();
      const ending = (owner === 'one' ? world.stack.executor : second)?.stop();
      await until('a take-over', async () => (await startsOf(migrationId, at))[1]);
      const tookOverMs = performance.now() - askedAt;
      await lock.release();
      await ending;
      expect(tookOverMs).toBeLessThan(20_000);
      await expectMoved(world, was, migrationId);
      const starts = await startsOf(migrationId, at);
      expect(new Set(starts)).toEqual(new Set(['one', 'two']));
      expect(ofStep(await world.events(migrationId), at, 'StepLeaseLost')).toEqual([]);
    },
    CASE_MS,
  );

  test(
    'runs every step of three moves at once one time only, and both take part',
    async () => {
      await restartBoth({ ...LONG_LEASE, REHOME_MAX_CONCURRENT_STEPS: '1' });
      const tenants = await Promise.all([1, 2, 3].map(async () => before(await world.tenant())));
      const ids = await Promise.all(tenants.map(({ tenant }) => world.upgrade(tenant)));
      const owners = new Set<unknown>();
      for (const [index, was] of tenants.entries()) {
        await expectMoved(world, was, ids[index] ?? '');
        const starts = (await world.events(ids[index] ?? '')).filter(({ type }) => type === 'StepStarted');
        expect(starts.filter(({ data }) => data['attempt'] !== 1)).toEqual([]);
        for (const { data } of starts) owners.add(data['owner']);
      }
      expect(owners).toEqual(new Set(['one', 'two']));
    },
    CASE_MS,
  );

  test('leaves a ledger whose chain holds and that Kafka knows without a gap', async () => {
    await expectLedgerPublished(world);
  });

  async function restartFirst(extraEnv: Readonly<Record<string, string>>): Promise<void> {
    await world.stack.executor.stop();
    await world.stack.executor.restart(extraEnv);
  }

  async function restartBoth(extraEnv: Readonly<Record<string, string>>): Promise<void> {
    await Promise.all([restartFirst(extraEnv), second?.stop().then(() => second?.restart(extraEnv))]);
  }

  /** Who began each attempt at the step. */
  async function startsOf(migrationId: string, stepId: string): Promise<string[]> {
    return ofStep(await world.events(migrationId), stepId, 'StepStarted').map(({ owner }) => String(owner));
  }

  async function staleFences(): Promise<number> {
    const text = await (await fetch(`${world.stack.executorUrl}/metrics`)).text();
    return Number(/^rehome_stale_fences_total (\d+)/m.exec(text)?.[1] ?? 0);
  }
});

function suspend(service: ServiceProcess): void {
  process.kill(service.pid ?? 0, 'SIGSTOP');
}

function resume(service: ServiceProcess): void {
  process.kill(service.pid ?? 0, 'SIGCONT');
}
