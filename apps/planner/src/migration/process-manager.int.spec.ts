import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { LedgerEvent } from '#shared/contracts/events.js';
import { toStepId, type MigrationId } from '#shared/contracts/ids.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { migrationStream, stepStream } from '#shared/contracts/streams.js';
import { FACTS, REGISTRY } from '../planning/upgrade-test-kit.js';
import { ANSWERS } from './answers-test-kit.js';
import { isOver } from './migration-state.js';
import { Stage } from './process-manager-test-kit.js';

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.open();
});

afterEach(async () => {
  await stage.close();
});

/** Names of everything that was commanded, in order. */
function commands(events: readonly LedgerEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'StepCommanded'
      ? [`${event.data.direction} ${event.data.stepId} ${String(event.data.generation)}`]
      : [],
  );
}

/** A tenant of its own, so that migrations do not stand in each other's way. */
function anotherTenant() {
  const instance = { ...REGISTRY.instance, instanceId: randomUUID(), database: `db_${randomUUID()}` };
  const service = { ...REGISTRY.service, name: `svc-${randomUUID()}`, configFiles: [] };
  return { registry: asJsonObject({ ...REGISTRY, instance, service }) };
}

async function held(): Promise<string[]> {
  const rows = await stage.ledger.query<{ subject: string }>(
    'select subject from planner.reservation order by subject',
  );
  return rows.map((row) => row.subject);
}

const completed = (migrationId: MigrationId) => stage.until(migrationId, isOver);

describe('the process manager', () => {
  test('brings a request to its end, each step commanded once, and lets go of what it held [c4]', async () => {
    stage.manager('planner-1');
    stage.execute();
    const migrationId = await stage.request();
    expect((await completed(migrationId)).status).toBe('completed');
    const commanded = commands(await stage.events(migrationId));
    expect(commanded).toHaveLength(19);
    expect(new Set(commanded).size).toBe(19);
    expect(await held()).toEqual([]);
  });

  test('holds every subject of a plan while it runs', async () => {
    stage.manager('planner-1');
    stage.execute(({ kind }) => (kind === 'inspect-move' ? asJsonObject(FACTS) : undefined));
    const migrationId = await stage.request();
    await stage.until(migrationId, (state) => state.status === 'migrating');
    expect(await held()).toEqual([
      'database:pool-2/acme',
      'file:/etc/odoo/acme.conf',
      `instance:${REGISTRY.instance.instanceId}`,
      'service:odoo-acme-46784872',
    ]);
  });

  test('that dies again and again after an append ends as one that was never disturbed', async () => {
    let deaths = 0;
    stage.manager('planner-1', {
      reach: (name) => {
        deaths += name === 'process-manager.appended' ? 1 : 0;
        return deaths % 4 === 0 ? Promise.reject(new Error('died')) : Promise.resolve();
      },
    });
    stage.execute();
    const migrationId = await stage.request();
    expect((await completed(migrationId)).status).toBe('completed');
    const commanded = commands(await stage.events(migrationId));
    expect(commanded).toHaveLength(19);
    expect(deaths).toBeGreaterThan(20);
  });

  test('waits while another one leads and goes on where that one stopped', async () => {
    const first = stage.manager('planner-1');
    const migrationId = await stage.request();
    await stage.until(migrationId, (state) => state.status === 'inspecting');
    stage.manager('planner-2');
    await first.stop();
    stage.execute();
    expect((await completed(migrationId)).status).toBe('completed');
    const owners = await stage.ledger.query<{ owner: string }>(
      `select owner from ledger.cursor where name = 'process-manager'`,
    );
    expect(owners).toEqual([{ owner: 'planner-2' }]);
    expect(commands(await stage.events(migrationId)).filter((name) => name === 'run inspect 1')).toHaveLength(1);
  });

  test('runs many migrations at once while people write into them', async () => {
    stage.manager('planner-1');
    stage.execute();
    const ids = await Promise.all(Array.from({ length: 8 }, () => stage.request(anotherTenant())));
    const people = ids.map(async (migrationId) => {
      const wish = { migrationId, requestedBy: 'key:a', reason: 'any' };
      for (let times = 0; times < 5; times += 1) {
        await stage.add('MigrationPaused', migrationStream(migrationId), wish);
        await stage.add('MigrationResumed', migrationStream(migrationId), wish);
      }
    });
    await Promise.all(people);
    const states = await Promise.all(ids.map(completed));
    expect(states.map((state) => state.status)).toEqual(ids.map(() => 'completed'));
    for (const migrationId of ids) expect(commands(await stage.events(migrationId))).toHaveLength(18);
  });
});

describe('a subject that is held', () => {
  const onlyFirst = (first: () => MigrationId) => {
    stage.execute((command) => {
      const { migrationId, kind, direction } = command;
      const waits = migrationId === first() && kind === 'provision-server' && direction === 'run';
      return waits ? undefined : asJsonObject(ANSWERS[kind]);
    });
  };

  test('refuses the second migration, naming the first', async () => {
    stage.manager('planner-1');
    const first = await stage.request();
    onlyFirst(() => first);
    await stage.until(first, (state) => state.status === 'migrating');
    const second = await stage.request();
    const state = await completed(second);
    expect(state).toMatchObject({ status: 'refused', reasons: [{ code: 'SUBJECT_BUSY', facts: { holder: first } }] });
  });

  test('lets a queued migration start as soon as it is released', async () => {
    stage.manager('planner-1');
    const first = await stage.request();
    onlyFirst(() => first);
    await stage.until(first, (state) => state.status === 'migrating');
    const second = await stage.request({}, { onBusy: 'queue' });
    await stage.until(second, (state) => state.status === 'scheduled');
    await stage.add('RollbackRequested', migrationStream(first), { migrationId: first, reason: 'r', requestedBy: 'k' });
    await stage.until(first, (state) => state.status !== 'unknown' && state.runs.some((run) => run.cancelCommanded));
    await stage.add('StepCancelled', stepStream(first, toStepId('provision-server')), {
      migrationId: first,
      stepId: 'provision-server',
      direction: 'run',
      generation: 1,
      attempt: 1,
      fence: 1,
      kind: 'provision-server',
      reason: 'rolled back',
    });
    expect((await completed(first)).status).toBe('rolled-back');
    expect((await completed(second)).status).toBe('completed');
  });
});

describe('timers', () => {
  test('fire at their time, also when the process manager that set them is gone', async () => {
    const first = stage.manager('planner-1');
    const migrationId = await stage.request({}, { runAt: new Date(Date.now() + 3_000).toISOString() });
    await stage.until(migrationId, (state) => state.status === 'scheduled');
    await first.stop();
    stage.manager('planner-2');
    stage.execute();
    expect((await completed(migrationId)).status).toBe('completed');
    const fired = (await stage.events(migrationId)).filter(({ type }) => type === 'TimerFired');
    expect(fired).toHaveLength(1);
  });
});

describe('a limit on downtime', () => {
  test('is watched from the start of the stop on, not from its end', async () => {
    stage.manager('planner-1');
    stage.execute(({ kind }) => (kind === 'stop-service' ? undefined : asJsonObject(ANSWERS[kind])));
    const migrationId = await stage.request({}, { maxDowntimeMs: 600_000 });
    const state = await stage.until(
      migrationId,
      (now) => now.status !== 'unknown' && now.timers.some(({ timer }) => timer === 'downtime'),
    );
    expect(state).toMatchObject({ status: 'migrating' });
    const types = (await stage.events(migrationId)).map(({ type }) => type);
    expect(types.at(-1)).toBe('TimerSet');
    expect(types.at(-2)).toBe('StepStarted');
  });
});

describe('trouble of one migration', () => {
  test('refuses that one when its plan does not fit into an event, and the others go on', async () => {
    stage.manager('planner-1');
    const huge = Array.from({ length: 4_000 }, (_, index) => ({
      name: `extension_${String(index)}`,
      version: '1',
      schema: 'public',
    }));
    const broken = await stage.request();
    stage.execute(({ kind, migrationId }) => {
      if (kind !== 'inspect-move' || migrationId !== broken) return asJsonObject(ANSWERS[kind]);
      return asJsonObject({ ...FACTS, database: { ...FACTS.database, extensions: huge } });
    });
    const state = await stage.until(broken, ({ status }) => ['refused', 'halted', 'completed'].includes(status));
    expect(state).toMatchObject({ status: 'refused', reasons: [{ detail: expect.stringContaining('256 KiB') }] });
    expect((await completed(await stage.request(anotherTenant()))).status).toBe('completed');
  });
});
