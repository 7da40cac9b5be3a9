import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { StepRunKey } from '../contracts/events.js';
import {
  anEvent,
  aStepStream,
  createTestLedger,
  newMigrationId,
  onMigration,
  type TestLedger,
} from '../../../../test/harness/ledger.js';
import type { AcceptedRun, ClaimEffect, FinishEffect, LedgerEffect } from './ledger-effect.js';
import type { AppendAnswer } from './ledger-item.js';

let ledger: TestLedger;

beforeAll(async () => {
  ledger = await createTestLedger();
});

afterAll(async () => {
  await ledger.close();
});

function executes(...effects: LedgerEffect[]): Promise<AppendAnswer> {
  return ledger.executor.writer.append({ appends: [], effects });
}

function plans(...effects: LedgerEffect[]): Promise<AppendAnswer> {
  return ledger.planner.writer.append({ appends: [], effects });
}

function aRun(more: Partial<AcceptedRun> = {}): AcceptedRun {
  const run = { stepId: 'stop-service', direction: 'run', generation: 1, kind: 'stop-service', version: 1 } as const;
  return { ...run, migrationId: newMigrationId(), params: {}, timeoutMs: 60_000, correlationId: 'c', ...more };
}

function keyOf({ migrationId, stepId, direction, generation }: StepRunKey): StepRunKey {
  return { migrationId, stepId, direction, generation };
}

function claim(run: AcceptedRun, expectedFence: number, more: Partial<ClaimEffect> = {}): ClaimEffect {
  return { effect: 'claim', key: keyOf(run), owner: 'executor-1', expectedFence, ttlMs: 30_000, ...more };
}

function finish(run: AcceptedRun, fence: number, more: Partial<FinishEffect> = {}): FinishEffect {
  return { effect: 'finish', key: keyOf(run), fence, state: 'succeeded', ...more };
}

async function accepted(more: Partial<AcceptedRun> = {}): Promise<AcceptedRun> {
  const run = aRun(more);
  expect(await executes({ effect: 'accept', commandId: randomUUID(), run })).toMatchObject({ outcome: 'appended' });
  return run;
}

async function stateOf(run: AcceptedRun): Promise<Record<string, unknown> | undefined> {
  const [row] = await ledger.query(
    `
    select *, lease_until - clock_timestamp() between interval '1 s' and interval '31 s' as leased,
      deadline - started_at as allowed
    from executor.step_run
    where migration_id = $1 and step_id = $2 and direction = $3 and generation = $4
    `,
    [run.migrationId, run.stepId, run.direction, run.generation],
    ledger.urls.executorUrl,
  );
  return row;
}

const DONE = { outcome: 'appended' };

describe('accept', () => {
  test('makes the run of a command, with what it needs', async () => {
    const run = await accepted({ params: { a: [1, 'é'] }, result: { before: true }, site: 's1', commandPosition: '7' });
    expect(await stateOf(run)).toMatchObject({
      state: 'accepted',
      fence: '0',
      attempt: 0,
      params: { a: [1, 'é'] },
      result: { before: true },
      site: 's1',
      timeout_ms: '60000',
      command_position: '7',
      owner: null,
    });
  });

  test('refuses the same command, and another command for the same run, as duplicates', async () => {
    const run = aRun();
    const commandId = randomUUID();
    await executes({ effect: 'accept', commandId, run });
    const refused = { outcome: 'refused', effect: 'accept', reason: 'duplicate' };
    expect(await executes({ effect: 'accept', commandId, run: aRun() })).toEqual({ ...refused, detail: { commandId } });
    expect(await executes({ effect: 'accept', commandId: randomUUID(), run })).toEqual({
      ...refused,
      detail: { commandId, state: 'accepted' },
    });
  });

  test('keeps run and undo, and each generation, apart', async () => {
    const run = await accepted();
    for (const other of [{ direction: 'undo' as const }, { generation: 2 }, { stepId: 'start-service' }]) {
      await accepted({ ...run, ...other });
    }
  });

  test('fails alone when its run cannot be stored', async () => {
    const [good, bad] = [aRun(), aRun({ timeoutMs: 0 })];
    const answers = await Promise.allSettled([
      executes({ effect: 'accept', commandId: randomUUID(), run: bad }),
      executes({ effect: 'accept', commandId: randomUUID(), run: good }),
    ]);
    expect(answers).toMatchObject([{ reason: { code: 'EVENT_INVALID' } }, { value: DONE }]);
  });
});

describe('claim', () => {
  test('takes an accepted run under a lease by database time, one fence and one attempt further', async () => {
    const run = await accepted();
    expect(await executes(claim(run, 0))).toMatchObject(DONE);
    expect(await stateOf(run)).toMatchObject({
      state: 'running',
      fence: '1',
      attempt: 1,
      owner: 'executor-1',
      leased: true,
      allowed: { minutes: 1 },
    });
  });

  test('is refused while the lease of another runs', async () => {
    const run = await accepted();
    await executes(claim(run, 0));
    expect(await executes(claim(run, 1, { owner: 'executor-2' }))).toEqual({
      outcome: 'refused',
      effect: 'claim',
      reason: 'not-claimable',
      detail: { state: 'running', fence: 1, owner: 'executor-1' },
    });
  });

  test('takes over when the lease has run out, and keeps the deadline', async () => {
    const run = await accepted();
    await executes(claim(run, 0, { ttlMs: -1 }));
    const first = await stateOf(run);
    expect(await executes(claim(run, 1, { owner: 'executor-2' }))).toMatchObject(DONE);
    expect(await stateOf(run)).toMatchObject({
      fence: '2',
      attempt: 2,
      owner: 'executor-2',
      deadline: first?.['deadline'],
    });
  });

  test('of two with the same expected fence only one succeeds', async () => {
    const run = await accepted();
    const answers = await Promise.all([executes(claim(run, 0)), executes(claim(run, 0, { owner: 'executor-2' }))]);
    expect(answers.map(({ outcome }) => outcome)).toEqual(['appended', 'refused']);
  });

  test('is refused for a run that is over, waits for its time, or does not exist', async () => {
    const over = await accepted();
    await executes(claim(over, 0));
    await executes(finish(over, 1));
    const waiting = await accepted();
    await executes(claim(waiting, 0));
    await executes(finish(waiting, 1, { state: 'waiting', retryAfterMs: 60_000 }));
    for (const run of [over, waiting]) {
      expect(await executes(claim(run, 1))).toMatchObject({ reason: 'not-claimable' });
    }
    expect(await executes(claim(aRun(), 0))).toMatchObject({ reason: 'not-claimable', detail: { state: null } });
  });

  test('takes a waiting run when its time has come', async () => {
    const run = await accepted();
    await executes(claim(run, 0));
    await executes(finish(run, 1, { state: 'waiting', retryAfterMs: 0 }));
    expect(await executes(claim(run, 1))).toMatchObject(DONE);
    expect(await stateOf(run)).toMatchObject({ state: 'running', retry_at: null, fence: '2' });
  });

  test('is refused when its slots are used up, until one is free', async () => {
    const slot = { key: `server-${randomUUID()}`, capacity: 2 };
    const runs = [await accepted({ slot }), await accepted({ slot }), await accepted({ slot })] as const;
    expect(await executes(claim(runs[0], 0))).toMatchObject(DONE);
    expect(await executes(claim(runs[1], 0))).toMatchObject(DONE);
    expect(await executes(claim(runs[2], 0))).toEqual({
      outcome: 'refused',
      effect: 'claim',
      reason: 'no-slot',
      detail: { slot: slot.key, capacity: 2, running: 2 },
    });
    await executes(finish(runs[0], 1));
    expect(await executes(claim(runs[2], 0))).toMatchObject(DONE);
  });

  test('happens with its event or not at all', async () => {
    const run = await accepted();
    const stream = aStepStream(newMigrationId());
    const item = (owner: string) => ({
      appends: [{ stream, expected: 0, events: [anEvent(run.migrationId)] }],
      effects: [claim(run, 0, { owner })],
    });
    expect(await ledger.executor.writer.append(item('executor-1'))).toMatchObject(DONE);
    expect(await ledger.executor.writer.append(item('executor-2'))).toMatchObject({ outcome: 'conflict' });
    const late = { ...item('executor-2'), appends: [{ stream, expected: 1, events: [anEvent(run.migrationId)] }] };
    expect(await ledger.executor.writer.append(late)).toMatchObject({ outcome: 'refused' });
    expect(await ledger.executor.reader.readStream(stream)).toHaveLength(1);
    expect(await stateOf(run)).toMatchObject({ owner: 'executor-1', fence: '1' });
  });
});

describe('finish', () => {
  test.each(['succeeded', 'undone', 'failed', 'cancelled', 'needs-decision'] as const)(
    'ends a run as %s and lets go of it',
    async (state) => {
      const run = await accepted();
      await executes(claim(run, 0));
      expect(await executes(finish(run, 1, { state }))).toMatchObject(DONE);
      expect(await stateOf(run)).toMatchObject({
        state,
        owner: null,
        lease_until: null,
        finished_at: expect.any(Date),
      });
    },
  );

  test('refuses the outcome of an owner whose fence has passed, with its event', async () => {
    const run = await accepted();
    await executes(claim(run, 0, { ttlMs: -1 }));
    await executes(claim(run, 1, { owner: 'executor-2' }));
    const stream = aStepStream(newMigrationId());
    const answer = await ledger.executor.writer.append({
      appends: [{ stream, expected: 0, events: [anEvent(run.migrationId)] }],
      effects: [finish(run, 1)],
    });
    expect(answer).toEqual({
      outcome: 'refused',
      effect: 'finish',
      reason: 'stale-fence',
      detail: { state: 'running', fence: 2, owner: 'executor-2' },
    });
    expect(await ledger.executor.reader.readStream(stream)).toEqual([]);
    expect(await executes(finish(run, 2))).toMatchObject(DONE);
  });

  test('is refused for a run that is not running', async () => {
    const run = await accepted();
    expect(await executes(finish(run, 0))).toMatchObject({ reason: 'stale-fence', detail: { state: 'accepted' } });
    expect(await executes(finish(aRun(), 0))).toMatchObject({ reason: 'stale-fence', detail: { state: null } });
  });
});

describe('reserve and release', () => {
  test('hold all subjects or none, and say who holds the first busy one', async () => {
    const [a, b] = [newMigrationId(), newMigrationId()];
    const subjects = ['1', '2', '3'].map((name) => `database:${a}/${name}`);
    expect(await plans({ effect: 'reserve', migrationId: a, subjects: subjects.slice(1) })).toMatchObject(DONE);
    expect(await plans({ effect: 'reserve', migrationId: b, subjects })).toEqual({
      outcome: 'refused',
      effect: 'reserve',
      reason: 'busy',
      detail: { subject: subjects[1], holder: a },
    });
    expect(await plans({ effect: 'reserve', migrationId: a, subjects })).toMatchObject(DONE);
    await plans({ effect: 'release', migrationId: a });
    expect(await plans({ effect: 'reserve', migrationId: b, subjects: [...subjects, ...subjects] })).toMatchObject(
      DONE,
    );
    expect(await ledger.query('select from planner.reservation where migration_id = $1', [b])).toHaveLength(3);
  });
});

describe('idempotency', () => {
  test('gives the first answer to the same body and refuses another one', async () => {
    const effect = { effect: 'idempotency', scope: 'key:a', key: randomUUID(), bodyHash: 'h1' } as const;
    const answer = { migrationId: 'm', status: 'migrating' };
    expect(await plans({ ...effect, answer })).toMatchObject(DONE);
    expect(await plans({ ...effect, answer: {} })).toEqual({
      outcome: 'refused',
      effect: 'idempotency',
      reason: 'same-body',
      detail: { answer },
    });
    expect(await plans({ ...effect, bodyHash: 'h2', answer })).toMatchObject({ reason: 'other-body' });
    expect(await plans({ ...effect, scope: 'key:b', bodyHash: 'h2', answer })).toMatchObject(DONE);
  });
});

describe('several effects of an item', () => {
  test('are taken back when a later one is refused', async () => {
    const id = newMigrationId();
    const other = newMigrationId();
    await plans({ effect: 'reserve', migrationId: other, subjects: [`busy:${id}`] });
    const answer = await ledger.planner.writer.append(
      onMigration(
        id,
        0,
        [anEvent(id)],
        [
          { effect: 'idempotency', scope: 's', key: id, bodyHash: 'h', answer: {} },
          { effect: 'reserve', migrationId: id, subjects: [`free:${id}`] },
          { effect: 'reserve', migrationId: id, subjects: [`busy:${id}`] },
        ],
      ),
    );
    expect(answer).toMatchObject({ outcome: 'refused', effect: 'reserve', reason: 'busy', detail: { holder: other } });
    expect(await ledger.planner.reader.readMigration(id)).toEqual([]);
    const left = await ledger.query(
      `
      select subject from planner.reservation where migration_id = $1
      union all
      select key from planner.idempotency where key = $1::text
      `,
      [id],
    );
    expect(left).toEqual([]);
  });

  test('see what the items before them in the batch did', async () => {
    const [a, b] = [newMigrationId(), newMigrationId()];
    const answers = await Promise.all([
      plans({ effect: 'reserve', migrationId: a, subjects: [`shared:${a}`] }),
      plans({ effect: 'reserve', migrationId: b, subjects: [`shared:${a}`] }),
      plans({ effect: 'release', migrationId: a }, { effect: 'reserve', migrationId: b, subjects: [`shared:${a}`] }),
    ]);
    expect(answers.map(({ outcome }) => outcome)).toEqual(['appended', 'refused', 'appended']);
  });

  test('belong to one service: the other may not have them', async () => {
    const run = aRun();
    const accept = { effect: 'accept', commandId: randomUUID(), run } as const;
    await expect(plans(accept)).rejects.toMatchObject({
      code: 'EVENT_INVALID',
      message: 'the planner has no effect "accept"',
    });
    const release = { effect: 'release', migrationId: run.migrationId } as const;
    await expect(executes(release)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
  });
});
