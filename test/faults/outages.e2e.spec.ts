import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { toolMajor } from '../../scripts/stack/tool-major.js';
import { HeldLock } from '../harness/held-lock.js';
import { before, expectLedgerPublished, expectMoved, ofStep, until, type Before } from '../harness/move-outcome.js';
import { MoveWorld, type Gate } from '../harness/move-world.js';

const CASE_MS = 240_000;
const AT = 'dump-database';

describe('moves while a part of the system is away', () => {
  let world: MoveWorld;

  beforeAll(async () => {
    world = await MoveWorld.start({
      // The ledger must keep over its kill what it answered for.
      durable: true,
      servers: [{ name: 'pool-2', major: toolMajor(), durable: false }],
      // A sweep that took what Kafka never saw would do so at once.
      executorEnv: { REHOME_SWEEP_GRACE_MS: '0', REHOME_SWEEP_INTERVAL_MS: '200' },
    });
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  test(
    'are taken in without Kafka: the step that runs ends, none starts, and all finish after its return',
    async () => {
      const { gate, was, migrationId } = await moveUntilDump();
      const others = await Promise.all([1, 2].map(async () => before(await world.tenant())));
      await world.stack.kafka?.kill9();
      await until('the planner to miss Kafka', async () =>
        (await readiness()).status === 'degraded' ? true : undefined,
      );
      const asked = await Promise.all(others.map((other) => ask(other)));
      expect(asked.map(({ status }) => status)).toEqual([202, 202]);
      const ids = await Promise.all(asked.map(async (answer) => ((await answer.json()) as Accepted).migrationId));
      gate.open();
      await until('the dump to end', async () => ofStep(await world.events(migrationId), AT, 'StepSucceeded')[0]);
      for (const [id, stepId] of [
        [migrationId, 'restore-database'],
        ...ids.map((id) => [id, 'inspect'] as const),
      ] as const)
        await until(`the command ${stepId}`, () => commanded(id, stepId));
      await sweepBeats(5);
      expect(await acceptedAmong(migrationId, 'restore-database')).toBe(0);
      for (const id of ids) expect(await acceptedAmong(id, 'inspect')).toBe(0);
      await world.stack.kafka?.restart();
      for (const [index, other] of [was, ...others].entries())
        await expectMoved(world, other, [migrationId, ...ids][index] ?? '');
      await expectLedgerPublished(world);
    },
    CASE_MS,
  );

  test(
    'wait for the ledger: a request is answered 503 and when to come again, and what runs goes on after its return',
    async () => {
      const { gate, was, migrationId } = await moveUntilDump();
      const next = before(await world.tenant());
      const { server, database } = was.tenant.options;
      const lock = await HeldLock.take(server.adminUrl, database, 'res_partner in access exclusive mode');
      gate.open();
      const dumping = await lock.waiters();
      const known = await world.events(migrationId);
      await world.stack.ledger.kill9();
      const key = randomUUID();
      const refused = await ask(next, key);
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refused.json()).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
      expect((await readiness()).status).toBe('unready');
      // Another may own the step by now, so its executor has to let it be without being told.
      await lock.gone(dumping);
      await lock.release();
      await world.stack.ledger.restart();
      const accepted = await until('the planner to take requests', async () => {
        const answer = await ask(next, key);
        return answer.status === 202 ? answer : undefined;
      });
      await expectMoved(world, was, migrationId);
      await expectMoved(world, next, ((await accepted.json()) as Accepted).migrationId);
      const events = await world.events(migrationId);
      expect(events.slice(0, known.length)).toEqual(known);
      expect(ofStep(events, AT, 'StepLeaseLost')).toMatchObject([{ attempt: 1 }]);
      expect(ofStep(events, AT, 'StepStarted').map(({ attempt }) => attempt)).toEqual([1, 2]);
      await expectLedgerPublished(world);
    },
    CASE_MS,
  );

  /** A move whose executor stands before its dump. */
  async function moveUntilDump(): Promise<{ gate: Gate; was: Before; migrationId: string }> {
    const gate = world.gate('executor');
    await world.stack.executor.stop();
    await world.stack.executor.restart({ REHOME_FAULT_POINTS: gate.wait(`step.${AT}.run.before`) });
    const was = before(await world.tenant());
    const migrationId = await world.upgrade(was.tenant);
    await gate.reached();
    return { gate, was, migrationId };
  }

  function ask({ tenant }: Before, key: string = randomUUID()): Promise<Response> {
    const body = { kind: 'upgrade', instanceId: tenant.instanceId, toPlan: 'premium', options: {} };
    return world.planner.raw('POST', '/v1/migrations', body, { 'idempotency-key': key });
  }

  async function readiness(): Promise<{ status: string }> {
    return (await (await fetch(`${world.stack.plannerUrl}/health/ready`)).json()) as { status: string };
  }

  async function commanded(migrationId: string, stepId: string): Promise<true | undefined> {
    return ofStep(await world.events(migrationId), stepId, 'StepCommanded').length > 0 ? true : undefined;
  }

  async function acceptedAmong(migrationId: string, stepId: string): Promise<number> {
    return ofStep(await world.events(migrationId), stepId, 'StepAccepted').length;
  }

  /** Time by the beat of the sweep's lease (500 ms): meanwhile it has looked far more often (200 ms). */
  async function sweepBeats(times: number): Promise<void> {
    for (let seen = 0; seen < times; seen += 1) {
      const last = await sweepLease();
      await until('a beat of the sweep', async () => ((await sweepLease()) === last ? undefined : true));
    }
  }

  async function sweepLease(): Promise<string> {
    const rows = await world.query<{ until: string }>(
      world.stack.ledger.adminUrl,
      'rehome',
      `select lease_until::text as until from ledger.cursor where name = 'executor-sweep'`,
    );
    return rows[0]?.until ?? '';
  }
});

interface Accepted {
  readonly migrationId: string;
}
