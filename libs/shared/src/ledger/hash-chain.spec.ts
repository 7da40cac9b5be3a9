import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CHAIN_ORIGIN, hashEvent, verifyChain, type ChainedEvent } from './hash-chain.js';

type Vector = Readonly<Record<'ledgerId' | 'position' | 'stream' | 'streamVersion' | 'eventId' | 'type', string>> &
  Readonly<Record<'schemaVersion' | 'recordedAt' | 'data' | 'metadata' | 'prevHash' | 'hash', string>>;

const page = readFileSync(new URL('../../../../docs/reference/ledger.md', import.meta.url), 'utf8');
const vectors = JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1] ?? '[]') as readonly Vector[];
const ledgerId = vectors[0]?.ledgerId ?? '';
const chain = vectors.map(eventOf);

function eventOf(vector: Vector): ChainedEvent {
  return {
    ...vector,
    position: BigInt(vector.position),
    streamVersion: Number(vector.streamVersion),
    schemaVersion: Number(vector.schemaVersion),
    dataText: vector.data,
    metadataText: vector.metadata,
  };
}

describe('the hash chain', () => {
  test('gives the hashes of the documented test vector', async () => {
    expect(chain).toHaveLength(2);
    expect(chain.map((event) => hashEvent(ledgerId, event.prevHash, event))).toEqual(vectors.map(({ hash }) => hash));
    expect(await verifyChain(ledgerId, CHAIN_ORIGIN, chain)).toEqual({
      intact: true,
      end: { position: 2n, hash: vectors[1]?.hash },
    });
  });

  test.each([
    ['position', { position: 3n }],
    ['stream', { stream: 'migration-x' }],
    ['streamVersion', { streamVersion: 7 }],
    ['eventId', { eventId: '00000000-0000-4000-8000-000000000000' }],
    ['type', { type: 'MigrationResumed2' }],
    ['schemaVersion', { schemaVersion: 2 }],
    ['recordedAt', { recordedAt: '2026-11-21T01:02:03.123457Z' }],
    ['dataText', { dataText: '{}' }],
    ['metadataText', { metadataText: '{}' }],
  ])('covers %s', (_field, change: Partial<ChainedEvent>) => {
    const [event] = chain;
    if (event === undefined) throw new Error('no vector');
    expect(hashEvent(ledgerId, event.prevHash, { ...event, ...change })).not.toBe(event.hash);
  });

  test('keeps fields apart: moving a character from one to the next changes the hash', () => {
    const [event] = chain;
    if (event === undefined) throw new Error('no vector');
    const moved = { ...event, stream: `${event.stream}1`, streamVersion: 1, type: event.type.slice(1) };
    expect(hashEvent(ledgerId, event.prevHash, moved)).not.toBe(event.hash);
    expect(hashEvent('another ledger', event.prevHash, event)).not.toBe(event.hash);
  });

  test('names the position whose content was edited', async () => {
    const edited = chain.map((event, index) => (index === 1 ? { ...event, dataText: '{"changed":true}' } : event));
    expect(await verifyChain(ledgerId, CHAIN_ORIGIN, edited)).toMatchObject({
      intact: false,
      broken: { position: 2n, because: 'content' },
    });
  });

  test('names the position after one whose hash was edited with its content', async () => {
    const [first, second] = chain;
    if (first === undefined || second === undefined) throw new Error('no vector');
    const edited = { ...first, dataText: '{}' };
    const forged = { ...edited, hash: hashEvent(ledgerId, edited.prevHash, edited) };
    expect(await verifyChain(ledgerId, CHAIN_ORIGIN, [forged, second])).toMatchObject({
      intact: false,
      broken: { position: 2n, because: 'link', expected: forged.hash, found: second.prevHash },
    });
  });

  test('names the first missing position', async () => {
    expect(await verifyChain(ledgerId, CHAIN_ORIGIN, chain.slice(1))).toMatchObject({
      intact: false,
      broken: { position: 1n, because: 'gap' },
    });
  });
});
