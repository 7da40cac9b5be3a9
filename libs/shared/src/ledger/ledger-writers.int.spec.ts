import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomInt } from 'node:crypto';
import pg from 'pg';
import type { LedgerEvent } from '../contracts/events.js';
import { toPosition, type MigrationId, type Position } from '../contracts/ids.js';
import { RehomeError } from '../errors/rehome-error.js';
import {
  anEvent,
  closeService,
  createTestLedger,
  newMigrationId,
  onMigration,
  openService,
  type TestLedger,
  type TestLedgerService,
} from '../../../../test/harness/ledger.js';
import { until } from '../../../../test/harness/messaging-test-kit.js';
import type { AppendAnswer, LedgerItem } from './ledger-item.js';
import { verifyLedger } from './verify.js';

const WRITERS = 16;
const APPENDS_EACH = 30;
const SHARED_STREAMS = 6;

let ledger: TestLedger;

beforeAll(async () => {
  ledger = await createTestLedger();
});

afterAll(async () => {
  await ledger.close();
});

/** What one writer was told; events it was told of are its own to find again. */
interface Told {
  readonly events: Map<string, Position>;
  conflicts: number;
  repeats: number;
  outages: number;
}

/** Appends on streams that all writers share, meeting conflicts; after an outage again with the same ids. */
async function write(service: TestLedgerService, streams: readonly MigrationId[], told: Told): Promise<void> {
  for (let done = 0; done < APPENDS_EACH;) {
    const id = streams[randomInt(streams.length)] ?? newMigrationId();
    const version = (await retried(told, () => service.reader.readMigration(id))).length;
    const events = Array.from({ length: randomInt(1, 4) }, () => anEvent(id));
    const answer = await retried(told, () => service.writer.append(onMigration(id, version, events)));
    if (answer.outcome === 'conflict') told.conflicts += 1;
    else
      done += keep(
        answer,
        events.map(({ eventId }) => eventId),
        told,
      );
  }
}

function keep(answer: AppendAnswer, ids: readonly string[], told: Told): 1 {
  if (answer.outcome !== 'appended' && answer.outcome !== 'repeated') throw new Error(answer.outcome);
  if (answer.outcome === 'repeated') told.repeats += 1;
  const first = answer.position - BigInt(ids.length) + 1n;
  ids.forEach((id, index) => told.events.set(id, toPosition(first + BigInt(index))));
  return 1;
}

async function retried<T>(told: Told, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RehomeError) || error.code !== 'LEDGER_UNAVAILABLE') throw error;
      told.outages += 1;
    }
  }
}

/** Reads like every reader of the ledger: by position, from where it has got to. */
async function tail(ended: AbortSignal, seen: LedgerEvent[]): Promise<void> {
  for (;;) {
    const last = ended.aborted;
    const page = await ledger.executor.reader.read({ after: toPosition(seen.length), limit: 50 });
    for (const event of page) {
      if (event.position !== BigInt(seen.length + 1)) {
        throw new Error(`position ${String(event.position)} came after ${String(seen.length)}`);
      }
      seen.push(event);
    }
    if (last && page.length === 0) return;
  }
}

/** Takes appends back, and kills connections that wait for the head meanwhile in the middle of theirs, until the end. */
async function disturb(ended: AbortSignal, service: TestLedgerService): Promise<{ killed: number; undone: number }> {
  const count = { killed: 0, undone: 0 };
  while (!ended.aborted) {
    const client = await service.pools.reads.connect();
    await client.query('begin');
    await client.query(TAKEN_BACK, [`migration-${newMigrationId()}`, newMigrationId()]);
    const killed = await ledger.query(
      `
      select pg_terminate_backend(pid)
      from pg_stat_activity
      where datname = $1 and application_name = 'test appends' and wait_event_type = 'Lock'
      order by random()
      limit 1
      `,
      [ledger.database],
    );
    count.killed += killed.length;
    await client.query('rollback');
    client.release();
    count.undone += 1;
  }
  return count;
}

const TAKEN_BACK = `
  select * from ledger.append(1, array[$1], '{1}', '{1}', '{0}', '{1}', array[$2], '{TakenBack}', '{1}', '{"{}"}', '{"{}"}', '{}', '{}')
`;

describe('16 writers with conflicts, killed connections and rolled-back appends', () => {
  test('lose no event, leave no gap, and a tailing reader sees every one in order', async () => {
    const services = Array.from({ length: WRITERS }, () => openService(ledger.urls.plannerUrl));
    const streams = Array.from({ length: SHARED_STREAMS }, newMigrationId);
    const told = services.map((): Told => ({ events: new Map(), conflicts: 0, repeats: 0, outages: 0 }));
    const ended = new AbortController();
    const seen: LedgerEvent[] = [];
    const reading = tail(ended.signal, seen);
    const disturbing = disturb(ended.signal, ledger.planner);
    await Promise.all(services.map((service, index) => write(service, streams, told[index] as Told)));
    ended.abort();
    const [disturbed] = await Promise.all([disturbing, reading]);

    const appended = new Map(told.flatMap(({ events }) => [...events]));
    expect(seen.map(({ eventId }) => eventId).sort()).toEqual([...appended.keys()].sort());
    for (const event of seen) expect(event.position).toBe(appended.get(event.eventId));
    expect(await ledger.query(`select from ledger.event where type = 'TakenBack'`)).toEqual([]);
    for (const id of streams) {
      const versions = seen.filter(({ stream }) => stream === `migration-${id}`).map((event) => event.streamVersion);
      expect(versions).toEqual(versions.map((_, index) => index + 1));
    }
    const times = seen.map(({ recordedAt }) => recordedAt);
    expect(times).toEqual([...times].sort());
    expect(await verifyLedger(ledger.planner.reader)).toMatchObject({ verified: true, to: String(seen.length) });

    const sum = (name: 'conflicts' | 'outages') => told.reduce((total, one) => total + one[name], 0);
    expect(sum('conflicts')).toBeGreaterThan(0);
    expect(sum('outages')).toBeGreaterThan(0);
    expect(disturbed.killed).toBeGreaterThan(0);
    expect(disturbed.undone).toBeGreaterThan(0);
    await Promise.all(services.map(closeService));
  }, 120_000);
});

describe('many callers of one writer', () => {
  test('share flushes: a few transactions carry a thousand items', async () => {
    const items = Array.from({ length: 1_000 }, (): LedgerItem => onMigration(newMigrationId(), 0));
    const { position: before } = await ledger.planner.reader.head();
    const answers = await Promise.all(items.map((item) => ledger.planner.writer.append(item)));
    expect(answers.every(({ outcome }) => outcome === 'appended')).toBe(true);
    const [row] = await ledger.query<{ flushes: number }>(
      'select count(distinct xmin::text)::integer as flushes from ledger.event where position > $1',
      [before],
    );
    // Four full ones, and one more when the answers of two arrive together: what is left then is halved.
    expect([4, 5]).toContain(row?.flushes);
  });

  test('have two batches under way when many come together, and each caller gets its own answer', async () => {
    const ids = Array.from({ length: 64 }, newMigrationId);
    const taken = await ledger.planner.writer.append(onMigration(ids[40] ?? newMigrationId(), 0));
    const head = new pg.Client({ connectionString: ledger.adminUrl });
    await head.connect();
    await head.query('begin');
    await head.query('select from ledger.head for update');
    const answering = Promise.all(ids.map((id) => ledger.planner.writer.append(onMigration(id, 0))));
    await until(async () => (await sessionsWaiting()) === 2);
    await head.query('rollback');
    await head.end();
    const answers = await answering;
    const positions = answers.flatMap((answer) => (answer.outcome === 'appended' ? [answer.position] : []));
    expect(taken.outcome).toBe('appended');
    expect(answers.filter(({ outcome }) => outcome !== 'appended')).toEqual([
      { outcome: 'conflict', stream: `migration-${ids[40] ?? ''}`, expected: 0, actual: 1 },
    ]);
    expect(new Set(positions).size).toBe(63);
    for (const [index, id] of ids.entries()) {
      const [event] = await ledger.planner.reader.readMigration(id);
      expect(answers[index]).toMatchObject(index === 40 ? { outcome: 'conflict' } : { position: event?.position });
    }
  });
});

/** Appends of this ledger that wait for the lock on its head. */
async function sessionsWaiting(): Promise<number> {
  const rows = await ledger.query(
    `
    select from pg_stat_activity
    where datname = $1 and application_name = 'test appends' and wait_event_type = 'Lock'
    `,
    [ledger.database],
  );
  return rows.length;
}
