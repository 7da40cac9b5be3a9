import type { LedgerEvent } from '#shared/contracts/events.js';

/** An event as people and programs read it: position as text, since JSON numbers end at 2^53. */
export function eventLine(event: LedgerEvent): string {
  const { dataText: _data, metadataText: _metadata, position, ...rest } = event;
  return JSON.stringify({ position: position.toString(), ...rest });
}

/** As `eventLine`, with everything that the hash covers: a line can be checked by anyone who has the one before. */
export function auditLine(event: LedgerEvent, ledgerId: string): string {
  const { position, ...rest } = event;
  return JSON.stringify({ ledgerId, position: position.toString(), ...rest });
}
