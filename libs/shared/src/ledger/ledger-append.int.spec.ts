import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../contracts/events.js';
import { toPosition } from '../contracts/ids.js';
import { instanceStream, intakeStream, migrationStream, registryStream } from '../contracts/streams.js';
import {
  anEvent,
  aStepStream,
  createTestLedger,
  newMigrationId,
  onMigration,
  type TestLedger,
} from '../../../../test/harness/ledger.js';
import { hashEvent } from './hash-chain.js';

let ledger: TestLedger;

beforeAll(async () => {
  ledger = await createTestLedger();
});

afterAll(async () => {
  await ledger.close();
});

/** An event whose data and metadata together have so many bytes. */
function eventOfBytes(migrationId: string, bytes: number): NewEvent {
  const empty = anEvent(migrationId, '');
  const size = Buffer.byteLength(JSON.stringify(empty.data)) + Buffer.byteLength(JSON.stringify(empty.metadata));
  return { ...empty, data: { migrationId, requestedBy: 'key:test', reason: 'x'.repeat(bytes - size) } } as NewEvent;
}

describe('an append', () => {
  test('answers the position of its last event and the new version of each stream', async () => {
    const id = newMigrationId();
    const before = await ledger.planner.reader.head();
    const answer = await ledger.planner.writer.append({
      appends: [
        { stream: migrationStream(id), expected: 0, events: [anEvent(id), anEvent(id)] },
        { stream: instanceStream(id), expected: 0, events: [anEvent(id)] },
      ],
      effects: [],
    });
    expect(answer).toEqual({
      outcome: 'appended',
      position: before.position + 3n,
      versions: { [migrationStream(id)]: 2, [instanceStream(id)]: 1 },
    });
  });

  test('keeps texts exactly, and hashes them as the documented hash does', async () => {
    const id = newMigrationId();
    const reason = 'é"\\\\ \\u0041 \u0001 😀 \u2028 1.10';
    await ledger.planner.writer.append(onMigration(id, 0, [anEvent(id, reason)]));
    const [event] = await ledger.planner.reader.readStream(migrationStream(id));
    const { ledgerId } = await ledger.planner.reader.head();
    if (event === undefined) throw new Error('no event');
    expect(event.data).toEqual({ migrationId: id, requestedBy: 'key:test', reason });
    expect(event.dataText).toBe(JSON.stringify(event.data));
    expect(event.hash).toBe(hashEvent(ledgerId, event.prevHash, event));
  });

  test('answers a conflict, and changes nothing, when a stream is not at the expected version', async () => {
    const id = newMigrationId();
    await ledger.planner.writer.append(onMigration(id, 0));
    const other = instanceStream(id);
    const answer = await ledger.planner.writer.append({
      appends: [
        { stream: other, expected: 0, events: [anEvent(id)] },
        { stream: migrationStream(id), expected: 0, events: [anEvent(id)] },
      ],
      effects: [{ effect: 'reserve', migrationId: id, subjects: [`conflict:${id}`] }],
    });
    expect(answer).toEqual({ outcome: 'conflict', stream: migrationStream(id), expected: 0, actual: 1 });
    expect(await ledger.planner.reader.readStream(other)).toEqual([]);
    expect(await ledger.query('select from planner.reservation where subject = $1', [`conflict:${id}`])).toEqual([]);
  });

  test('of any version goes to the end of the stream', async () => {
    const id = newMigrationId();
    await ledger.planner.writer.append(onMigration(id, 'any'));
    const answer = await ledger.planner.writer.append(onMigration(id, 'any'));
    expect(answer).toMatchObject({ outcome: 'appended', versions: { [migrationStream(id)]: 2 } });
  });

  test('without events or effects is done at the head', async () => {
    const head = await ledger.planner.reader.head();
    expect(await ledger.planner.writer.append({ appends: [], effects: [] })).toEqual({
      outcome: 'appended',
      position: head.position,
      versions: {},
    });
  });
});

describe('items of one batch', () => {
  test('see each other: the second on a stream meets the version of the first', async () => {
    const id = newMigrationId();
    const answers = await Promise.all(
      [0, 0, 1, 'any' as const].map((expected) => ledger.planner.writer.append(onMigration(id, expected))),
    );
    expect(answers.map(({ outcome }) => outcome)).toEqual(['appended', 'conflict', 'appended', 'appended']);
    const times = (await ledger.planner.reader.readMigration(id)).map((event) => event.recordedAt);
    expect(new Set(times).size).toBe(1);
  });

  test('fail alone: what is invalid in one is no matter to the others', async () => {
    const [good, bad] = [newMigrationId(), newMigrationId()];
    const answers = await Promise.allSettled([
      ledger.planner.writer.append(onMigration(good, 0)),
      ledger.planner.writer.append({
        appends: [{ stream: aStepStream(bad), expected: 0, events: [anEvent(bad)] }],
        effects: [],
      }),
      ledger.planner.writer.append(onMigration(bad, 0, [anEvent(bad, 'no id', 'not-a-uuid')])),
      ledger.planner.writer.append({
        appends: [],
        effects: [{ effect: 'reserve', migrationId: 'not-a-uuid', subjects: ['x'] }],
      }),
      ledger.planner.writer.append(onMigration(good, 1)),
    ]);
    expect(answers).toMatchObject([
      { value: { outcome: 'appended' } },
      { reason: { code: 'EVENT_INVALID' } },
      { reason: { code: 'EVENT_INVALID' } },
      { reason: { code: 'EVENT_INVALID' } },
      { value: { outcome: 'appended' } },
    ]);
    expect(await ledger.planner.reader.readMigration(bad)).toEqual([]);
  });

  test('may have one event id twice: the second is a repeat', async () => {
    const id = newMigrationId();
    const item = onMigration(id, 0);
    const answers = await Promise.all([ledger.planner.writer.append(item), ledger.planner.writer.append(item)]);
    expect(answers.map(({ outcome }) => outcome)).toEqual(['appended', 'repeated']);
  });
});

describe('the same event id', () => {
  test('with the same content answers the old position and applies no effect again', async () => {
    const id = newMigrationId();
    const effects = [{ effect: 'reserve', migrationId: id, subjects: [`again:${id}`] } as const];
    const item = onMigration(id, 0, [anEvent(id), anEvent(id)], effects);
    const first = await ledger.planner.writer.append(item);
    await ledger.planner.writer.append({ appends: [], effects: [{ effect: 'release', migrationId: id }] });
    await ledger.planner.writer.append(onMigration(id, 2));
    expect(first.outcome).toBe('appended');
    expect(await ledger.planner.writer.append(item)).toEqual({
      outcome: 'repeated',
      position: first.outcome === 'appended' ? first.position : undefined,
    });
    expect(await ledger.query('select from planner.reservation where migration_id = $1', [id])).toEqual([]);
  });

  test('with other content is an error that names the position', async () => {
    const id = newMigrationId();
    const event = anEvent(id, 'first');
    await ledger.planner.writer.append(onMigration(id, 0, [event]));
    const { position } = await ledger.planner.reader.head();
    const changed = onMigration(id, 1, [anEvent(id, 'second', event.eventId)]);
    await expect(ledger.planner.writer.append(changed)).rejects.toMatchObject({
      code: 'EVENT_INVALID',
      message: `event ${event.eventId} is in the ledger at position ${String(position)} with other content`,
    });
  });

  test('beside a new one is an error: an item is repeated as a whole or not at all', async () => {
    const id = newMigrationId();
    const event = anEvent(id);
    await ledger.planner.writer.append(onMigration(id, 0, [event]));
    const mixed = onMigration(id, 1, [event, anEvent(id)]);
    await expect(ledger.planner.writer.append(mixed)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    expect(await ledger.planner.reader.readMigration(id)).toHaveLength(1);
  });
});

describe('the ledger refuses', () => {
  test('an event over 256 KiB, and takes one of exactly 256 KiB', async () => {
    const id = newMigrationId();
    const fits = onMigration(id, 0, [eventOfBytes(id, 262_144)]);
    expect(await ledger.planner.writer.append(fits)).toMatchObject({ outcome: 'appended' });
    const over = onMigration(id, 1, [eventOfBytes(id, 262_145)]);
    await expect(ledger.planner.writer.append(over)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
  });

  test.each(['a\u0000b', 'a\\\u0000b', '\ud800', 'x\udfff'])('the text %j, which jsonb cannot hold', async (reason) => {
    const id = newMigrationId();
    const item = onMigration(id, 0, [anEvent(id, reason)]);
    await expect(ledger.planner.writer.append(item)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
  });

  test.each(['a\\u0000b', '\\\\u0000', 'C:\\ud800'])(
    'nothing of the text %j, which only looks like it',
    async (reason) => {
      const id = newMigrationId();
      const item = onMigration(id, 0, [anEvent(id, reason)]);
      expect(await ledger.planner.writer.append(item)).toMatchObject({ outcome: 'appended' });
    },
  );

  test('streams of the other service', async () => {
    const id = newMigrationId();
    const events = [anEvent(id)];
    const planner = [migrationStream(id), instanceStream(id), registryStream('server', id), intakeStream(id)];
    for (const stream of planner) {
      const item = { appends: [{ stream, expected: 0, events: [anEvent(id)] }], effects: [] };
      await expect(ledger.executor.writer.append(item)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
      expect(await ledger.planner.writer.append(item)).toMatchObject({ outcome: 'appended' });
    }
    const step = { appends: [{ stream: aStepStream(id), expected: 0, events }], effects: [] };
    await expect(ledger.planner.writer.append(step)).rejects.toMatchObject({
      message: `the planner may not append to stream "${aStepStream(id)}"`,
    });
    expect(await ledger.executor.writer.append(step)).toMatchObject({ outcome: 'appended' });
  });

  test('a stream of a migration that names none', async () => {
    const id = newMigrationId();
    const stream = migrationStream('acme' as typeof id);
    const item = { appends: [{ stream, expected: 0, events: [anEvent(id)] }], effects: [] };
    await expect(ledger.planner.writer.append(item)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
  });

  test('a stream twice in one item', async () => {
    const id = newMigrationId();
    const append = { stream: migrationStream(id), expected: 'any', events: [anEvent(id)] } as const;
    const item = { appends: [append, { ...append, events: [anEvent(id)] }], effects: [] };
    await expect(ledger.planner.writer.append(item)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
  });

  test('JSON that is none, alone, when a program calls the function itself', async () => {
    const [good, bad] = [newMigrationId(), newMigrationId()];
    const rows = await ledger.query<{ outcome: string }>(
      `
      select outcome
      from ledger.append(2, $1, '{1,2}', '{1,2}', '{0,0}', '{1,2}', $2, '{A,B}', '{1,1}', $3, '{"{}","{}"}', '{}', '{}')
      order by item
      `,
      [
        [migrationStream(bad), migrationStream(good)],
        [randomUUID(), randomUUID()],
        ['{"a":', '{"a":1}'],
      ],
      ledger.urls.plannerUrl,
    );
    expect(rows.map(({ outcome }) => outcome)).toEqual(['invalid', 'appended']);
  });
});

describe('reading', () => {
  test('pages by position, up to a place, by type and by prefix of the stream', async () => {
    const id = newMigrationId();
    const { position: before } = await ledger.planner.reader.head();
    await ledger.planner.writer.append(onMigration(id, 0, [anEvent(id, 'a'), anEvent(id, 'b')]));
    await ledger.executor.writer.append({
      appends: [{ stream: aStepStream(id), expected: 0, events: [anEvent(id, 'c')] }],
      effects: [],
    });
    const { reader } = ledger.planner;
    const positions = async (page: Partial<Parameters<typeof reader.read>[0]>) =>
      (await reader.read({ after: before, limit: 10, ...page })).map((event) => event.position - before);
    expect(await positions({})).toEqual([1n, 2n, 3n]);
    expect(await positions({ limit: 2 })).toEqual([1n, 2n]);
    expect(await positions({ until: toPosition(before + 1n) })).toEqual([1n]);
    expect(await positions({ types: ['StepStarted'] })).toEqual([]);
    expect(await positions({ types: ['MigrationPaused'], streamPrefix: 'step-' })).toEqual([3n]);
    expect((await reader.readMigration(id)).map((event) => event.position - before)).toEqual([1n, 2n, 3n]);
  });
});
