import type pg from 'pg';
import { toPosition } from '../contracts/ids.js';
import { RehomeError } from '../errors/rehome-error.js';
import { ledgerFailure, type LedgerReader } from './ledger-reader.js';

/** A place that somebody outside the database knows the ledger has reached. */
export interface KnownTail {
  /** Who says so, for people: `checkpoint`, `rehome.events.v1`. */
  readonly source: string;
  readonly ledgerId: string;
  /** Decimal. */
  readonly position: string;
  /** Hex. */
  readonly hash: string;
}

/**
 * Compares the ledger with what is known of it elsewhere, before anything is appended: one restored from an
 * older backup would issue positions a second time. When they differ, appends are held for everybody.
 *
 * @param pool whose login may call `ledger.hold`.
 * @throws RehomeError LEDGER_BROKEN that says what differs; LEDGER_UNAVAILABLE when nobody answers.
 */
export async function refuseLostTail(reader: LedgerReader, pool: pg.Pool, known: KnownTail): Promise<void> {
  const difference = await differenceFrom(reader, known);
  if (difference === undefined) return;
  const detail = `${difference}, as ${known.source} says; import the missing tail or give it up, then select ledger.resume()`;
  try {
    await pool.query('select ledger.hold($1)', [detail]);
  } catch (error) {
    throw ledgerFailure(error);
  }
  throw new RehomeError('LEDGER_BROKEN', detail, { facts: { ...known } });
}

async function differenceFrom(reader: LedgerReader, known: KnownTail): Promise<string | undefined> {
  const head = await reader.head();
  const position = toPosition(known.position);
  if (known.ledgerId !== head.ledgerId) return `this is ledger ${head.ledgerId}, not ${known.ledgerId}`;
  if (position === 0n) return undefined;
  if (head.position < position) {
    return `the ledger ends at position ${String(head.position)}, but has been at ${known.position}`;
  }
  const [event] = await reader.read({ after: toPosition(position - 1n), until: position, limit: 1 });
  if (event?.hash === known.hash) return undefined;
  return `the event at position ${known.position} is not the one that was published`;
}
