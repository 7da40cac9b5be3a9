import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LedgerEvent } from '../contracts/events.js';
import { decodeCloudEvent } from './decode-cloud-event.js';
import { encodeLedgerEvent } from './encode-event.js';
import { batchesOf } from './event-batches.js';
import { eventKey } from './event-key.js';

const MIGRATION = '6f1d8a52-1f6e-4d1c-9a66-0b8d7c1e2f3a';

function anEvent(change: Partial<Omit<LedgerEvent, 'type' | 'data'>> = {}): LedgerEvent {
  return {
    position: 7n,
    stream: `step-${MIGRATION}:stop-service`,
    streamVersion: 3,
    eventId: '0d5e7a51-3f0e-4b5a-8a55-3a3a6f0b9c11',
    type: 'MigrationPaused',
    schemaVersion: 1,
    data: { migrationId: MIGRATION, requestedBy: 'key:ops', reason: 'ü' },
    dataText: `{"migrationId": "${MIGRATION}", "requestedBy": "key:ops", "reason": "ü"}`,
    metadata: { correlationId: 'r-1', causationId: 'c-1', actor: 'key:ops' },
    metadataText: '{"actor": "key:ops"}',
    recordedAt: '2026-11-21T01:02:03.123456Z',
    prevHash: 'aa'.repeat(32),
    hash: 'bb'.repeat(32),
    ...change,
  };
}

describe('a published event', () => {
  it('has the headers of the contract, the exact data text as value and nothing else', () => {
    expect(encodeLedgerEvent(anEvent(), 'ledger-1', 'rehome.events.v1')).toEqual({
      topic: 'rehome.events.v1',
      key: MIGRATION,
      value: `{"migrationId": "${MIGRATION}", "requestedBy": "key:ops", "reason": "ü"}`,
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: '0d5e7a51-3f0e-4b5a-8a55-3a3a6f0b9c11',
        ce_type: 'rehome.MigrationPaused.v1',
        ce_source: 'rehome/ledger-1',
        ce_time: '2026-11-21T01:02:03.123456Z',
        ce_subject: `step-${MIGRATION}:stop-service`,
        ce_streamversion: '3',
        ce_sequence: '7',
        ce_hash: 'bb'.repeat(32),
        ce_prevhash: 'aa'.repeat(32),
        ce_metadata: '{"actor": "key:ops"}',
        ce_partitionkey: MIGRATION,
        ce_correlationid: 'r-1',
        ce_causationid: 'c-1',
        traceparent: undefined,
      },
    });
  });

  it('can be read as a CloudEvent again', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const event = anEvent({ metadata: { correlationId: 'r-1', causationId: 'c-1', actor: 'planner', traceparent } });
    const { headers, value } = encodeLedgerEvent(event, 'ledger-1', 't');
    const read = decodeCloudEvent({ headers, value: Buffer.from(value ?? '') });
    expect(read).toMatchObject({
      id: event.eventId,
      subject: event.stream,
      dataText: event.dataText,
      data: event.data,
    });
    expect(read.extensions).toMatchObject({ sequence: '7', traceparent });
  });

  it('has its migration as key, also on a step stream, and else its stream', () => {
    expect(
      [`migration-${MIGRATION}`, `step-${MIGRATION}:restore`, 'registry-server:pool 1', 'intake-x'].map(eventKey),
    ).toEqual([MIGRATION, MIGRATION, 'registry-server:pool 1', 'intake-x']);
  });
});

describe('batches for one send', () => {
  const TOPICS = { events: 'events', commands: 'commands' };

  it('carry commands before the events, to both topics', () => {
    const command = { ...anEvent({ position: 2n }), type: 'StepCommanded' } as LedgerEvent;
    const [batch, ...others] = batchesOf([anEvent({ position: 1n }), command, anEvent({ position: 3n })], 'l', TOPICS);
    expect(others).toEqual([]);
    expect(batch?.lastPosition).toBe(3n);
    expect(batch?.records.map(({ topic, headers }) => [topic, headers['ce_sequence']])).toEqual([
      ['commands', '2'],
      ['events', '1'],
      ['events', '2'],
      ['events', '3'],
    ]);
  });

  it('keep every event once, in order, and stay below what a broker takes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 260_000 }), { maxLength: 30 }), (sizes) => {
        const events = sizes.map((size, index) => anEvent({ position: BigInt(index + 1), dataText: 'x'.repeat(size) }));
        const batches = batchesOf(events, 'l', TOPICS);
        const sequences = batches.flatMap(({ records }) =>
          records.map(({ headers }) => Number(headers['ce_sequence'])),
        );
        expect(sequences).toEqual(sizes.map((_, index) => index + 1));
        for (const { records, lastPosition } of batches) {
          expect(records.at(-1)?.headers['ce_sequence']).toBe(String(lastPosition));
          expect(records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)).toBeLessThan(1_000_000);
        }
      }),
    );
  });
});
