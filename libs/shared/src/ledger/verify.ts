import type { LedgerEvent } from '../contracts/events.js';
import { toPosition, type Position } from '../contracts/ids.js';
import { CHAIN_ORIGIN, verifyChain, type BrokenLink, type ChainStart } from './hash-chain.js';
import type { LedgerHead, LedgerReader } from './ledger-reader.js';

/** Inclusive; the whole ledger when silent. */
export interface VerifyRange {
  readonly from?: Position;
  readonly to?: Position;
}

/** The answer of `GET /v1/audit/verify`; positions are decimal text, hashes hex. */
export type Verification =
  | {
      readonly verified: true;
      readonly from: string;
      readonly to: string;
      readonly headPosition: string;
      readonly headHash: string;
    }
  | {
      readonly verified: false;
      readonly brokenAt: string;
      /** `head`: the head does not stand where the last event does (the tail is missing, or was added to). */
      readonly because: BrokenLink['because'] | 'head';
      readonly expected: string;
      readonly found: string;
      readonly headPosition: string;
      readonly headHash: string;
    };

const PAGE = 500;

/**
 * Recomputes the hash chain page by page, without holding a snapshot, and compares its end with the head.
 * A range is checked against the hash of the event before it.
 *
 * @throws RehomeError LEDGER_UNAVAILABLE when the ledger does not answer.
 */
export async function verifyLedger(reader: LedgerReader, range: VerifyRange = {}): Promise<Verification> {
  const head = await reader.head();
  const from = range.from ?? toPosition(1);
  const to = range.to !== undefined && range.to < head.position ? range.to : head.position;
  const start = await startBefore(reader, from);
  if ('because' in start) return notVerified(start, head);
  const result = await verifyChain(head.ledgerId, start, pages(reader, from, to));
  if (!result.intact) return notVerified(result.broken, head);
  return atEnd(result.end, { from, to, head });
}

/** The event before the range; its own hash is taken as it stands. */
async function startBefore(reader: LedgerReader, from: Position): Promise<ChainStart | BrokenLink> {
  if (from <= 1n) return CHAIN_ORIGIN;
  const [before] = await reader.read({ after: toPosition(from - 2n), until: toPosition(from - 1n), limit: 1 });
  if (before !== undefined) return { position: before.position, hash: before.hash };
  return { position: from - 1n, because: 'gap', expected: String(from - 1n), found: 'nothing' };
}

async function* pages(reader: LedgerReader, from: Position, to: Position): AsyncGenerator<LedgerEvent> {
  let after = toPosition(from - 1n);
  while (after < to) {
    const page = await reader.read({ after, until: to, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = toPosition(last.position);
  }
}

function atEnd(end: ChainStart, asked: { from: Position; to: Position; head: LedgerHead }): Verification {
  const { from, to, head } = asked;
  if (from <= to && end.position < to) {
    const missing = end.position + 1n;
    return notVerified({ position: missing, because: 'gap', expected: String(missing), found: 'nothing' }, head);
  }
  if (to === head.position && from <= to && end.hash !== head.hash) {
    return notVerified({ position: to, because: 'head', expected: head.hash, found: end.hash }, head);
  }
  return {
    verified: true,
    from: String(from),
    to: String(to),
    headPosition: String(head.position),
    headHash: head.hash,
  };
}

function notVerified(
  broken: Omit<BrokenLink, 'because'> & { because: BrokenLink['because'] | 'head' },
  head: LedgerHead,
): Verification {
  return {
    verified: false,
    brokenAt: String(broken.position),
    because: broken.because,
    expected: broken.expected,
    found: broken.found,
    headPosition: String(head.position),
    headHash: head.hash,
  };
}
