import { canonicalJson } from '#shared/contracts/canonical-json.js';
import { FIRST_PREV_HASH, verifyChain, type ChainedEvent } from '#shared/ledger/hash-chain.js';
import type { JsonValue } from '#shared/contracts/json.js';
import type { AuditAnswer } from '#shared/contracts/answers.js';

/** What an export of the ledger proves by itself, without any server. */
export type ExportVerification =
  | {
      readonly verified: true;
      readonly ledgerId: string;
      readonly from: string;
      readonly to: string;
      readonly events: number;
      readonly lastHash: string;
      /** It begins with the first event of the ledger; else its first `prevHash` is taken as it stands. */
      readonly complete: boolean;
    }
  | {
      readonly verified: false;
      readonly brokenAt: string;
      /** `text`: `data` or `metadata` say something else than the text that the hash covers. */
      readonly because: 'gap' | 'link' | 'content' | 'text' | 'ledger' | 'unreadable' | 'head' | 'empty';
      readonly expected: string;
      readonly found: string;
    };

/**
 * Follows the hash chain through the lines of an export.
 *
 * @param head hash that the last event must have; without it an export that was cut off at its end still verifies
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  head?: string,
): Promise<ExportVerification> {
  const seen: Seen = { events: 0, first: undefined, last: undefined, fault: undefined };
  const start = eventsOf(lines, seen);
  const first = await start.next();
  if (first.done === true) return seen.fault ?? broken('0', 'empty', 'at least one event', 'none');
  const { position, prevHash } = first.value;
  const before = { position: position - 1n, hash: position === 1n ? FIRST_PREV_HASH : prevHash };
  const result = await verifyChain(first.value.ledgerId, before, chained(first.value, start));
  if (!result.intact) {
    const { position: at, because, expected, found } = result.broken;
    return broken(String(at), because, expected, found);
  }
  if (seen.fault !== undefined) return seen.fault;
  const lastHash = result.end.hash;
  if (head !== undefined && head !== lastHash) return broken(String(result.end.position), 'head', head, lastHash);
  return {
    verified: true,
    ledgerId: first.value.ledgerId,
    from: String(position),
    to: String(result.end.position),
    events: seen.events,
    lastHash,
    complete: position === 1n,
  };
}

interface Seen {
  events: number;
  first: string | undefined;
  last: bigint | undefined;
  fault: Extract<ExportVerification, { verified: false }> | undefined;
}

type ExportedEvent = ChainedEvent & { readonly ledgerId: string };

async function* chained(first: ExportedEvent, rest: AsyncGenerator<ExportedEvent>): AsyncGenerator<ExportedEvent> {
  yield first;
  yield* rest;
}

/** Ends at the first line that cannot be part of the chain; `seen.fault` says why. */
async function* eventsOf(lines: AsyncIterable<string> | Iterable<string>, seen: Seen): AsyncGenerator<ExportedEvent> {
  for await (const line of lines) {
    if (line.trim() === '') continue;
    const event = exported(line);
    const at = String((seen.last ?? 0n) + 1n);
    if (event === undefined) {
      seen.fault = broken(at, 'unreadable', 'a line of `rehome audit events`', line.slice(0, 60));
      return;
    }
    seen.fault = faultOf(event, seen);
    if (seen.fault !== undefined) return;
    seen.events += 1;
    seen.first ??= event.ledgerId;
    seen.last = BigInt(event.position);
    yield { ...event, position: seen.last };
  }
}

function faultOf(event: AuditAnswer, { first }: Seen): Seen['fault'] {
  const { ledgerId, position } = event;
  if (first !== undefined && ledgerId !== first) return broken(position, 'ledger', first, ledgerId);
  for (const [value, text] of [
    [event.data, event.dataText],
    [event.metadata, event.metadataText],
  ] as const)
    if (!saysTheSame(value, text))
      return broken(position, 'text', text.slice(0, 200), JSON.stringify(value).slice(0, 200));
  return undefined;
}

/** Whoever reads an export reads `data`; the hash covers `dataText`. */
function saysTheSame(value: unknown, text: string): boolean {
  try {
    return canonicalJson(JSON.parse(text) as JsonValue) === canonicalJson(value as JsonValue);
  } catch {
    return false;
  }
}

const TEXTS = [
  'ledgerId',
  'position',
  'stream',
  'eventId',
  'type',
  'recordedAt',
  'dataText',
  'metadataText',
  'prevHash',
  'hash',
];

/** The parser of a line. */
function exported(line: string): AuditAnswer | undefined {
  try {
    const event = JSON.parse(line) as Record<string, unknown> | null;
    if (event === null || !TEXTS.every((name) => typeof event[name] === 'string')) return undefined;
    if (!/^\d+$/.test(String(event['position'])) || !/^[0-9a-f]{64}$/.test(String(event['prevHash']))) return undefined;
    return event as unknown as AuditAnswer;
  } catch {
    return undefined;
  }
}

function broken(
  brokenAt: string,
  because: Extract<ExportVerification, { verified: false }>['because'],
  expected: string,
  found: string,
): Extract<ExportVerification, { verified: false }> {
  return { verified: false, brokenAt, because, expected, found };
}
