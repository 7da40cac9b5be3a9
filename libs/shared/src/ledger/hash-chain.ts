import { createHash } from 'node:crypto';

/** What of an event its hash covers, besides the ledger's id and the hash before it. */
export interface HashedEvent {
  readonly position: bigint;
  readonly stream: string;
  readonly streamVersion: number;
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  /** `2026-11-21T01:02:03.123456Z` */
  readonly recordedAt: string;
  readonly dataText: string;
  readonly metadataText: string;
}

/** An event that says what its hashes are; hex. */
export interface ChainedEvent extends HashedEvent {
  readonly prevHash: string;
  readonly hash: string;
}

/** `prev_hash` of the event at position 1. */
export const FIRST_PREV_HASH = '00'.repeat(32);

/**
 * hash = SHA-256(prev_hash ‖ f1 ‖ … ‖ f10), each field as 4-byte big-endian length and UTF-8 bytes; see
 * docs/reference/ledger.md, which holds a test vector.
 */
export function hashEvent(ledgerId: string, prevHash: string, event: HashedEvent): string {
  const hash = createHash('sha256').update(Buffer.from(prevHash, 'hex'));
  const fields = [
    ledgerId,
    String(event.position),
    event.stream,
    String(event.streamVersion),
    event.eventId,
    event.type,
    String(event.schemaVersion),
    event.recordedAt,
    event.dataText,
    event.metadataText,
  ];
  for (const field of fields) {
    const bytes = Buffer.from(field, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex');
}

/** Where a chain breaks first. `gap`: a position is missing; `link`: it does not follow the event before; `content`: its hash is not that of its content. */
export interface BrokenLink {
  readonly position: bigint;
  readonly because: 'gap' | 'link' | 'content';
  readonly expected: string;
  readonly found: string;
}

/** Where a chain is known good: the event before the first one to check. */
export interface ChainStart {
  readonly position: bigint;
  readonly hash: string;
}

export const CHAIN_ORIGIN: ChainStart = { position: 0n, hash: FIRST_PREV_HASH };

export type ChainResult =
  { readonly intact: true; readonly end: ChainStart } | { readonly intact: false; readonly broken: BrokenLink };

/** Follows the chain over events in position order, from a known place to the end of what is given. */
export async function verifyChain(
  ledgerId: string,
  start: ChainStart,
  events: Iterable<ChainedEvent> | AsyncIterable<ChainedEvent>,
): Promise<ChainResult> {
  let before = start;
  for await (const event of events) {
    const broken = brokenLink(ledgerId, before, event);
    if (broken !== undefined) return { intact: false, broken };
    before = { position: event.position, hash: event.hash };
  }
  return { intact: true, end: before };
}

function brokenLink(ledgerId: string, before: ChainStart, event: ChainedEvent): BrokenLink | undefined {
  const next = before.position + 1n;
  if (event.position !== next) {
    return { position: next, because: 'gap', expected: String(next), found: String(event.position) };
  }
  // Content first: an edited prev_hash is reported as a link only when the row is otherwise consistent.
  const hash = hashEvent(ledgerId, event.prevHash, event);
  if (hash !== event.hash) return { position: next, because: 'content', expected: event.hash, found: hash };
  if (event.prevHash !== before.hash) {
    return { position: next, because: 'link', expected: before.hash, found: event.prevHash };
  }
  return undefined;
}
