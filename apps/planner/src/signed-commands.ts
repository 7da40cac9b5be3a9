import type { KeyObject } from 'node:crypto';
import { COMMAND_EVENTS, type NewEvent } from '#shared/contracts/events.js';
import type { LedgerItem } from '#shared/ledger/ledger-item.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { signCommand } from '#shared/signing/command-signature.js';

type Appending = Pick<LedgerWriter, 'append'>;

/**
 * The writer with a hand that signs: every command that goes into the ledger carries in its metadata the proof that
 * the planner wrote it, and so does its record on Kafka (ADR 0021).
 */
export function signingCommands(writer: Appending, key: KeyObject): Appending {
  return { append: (item) => writer.append(signedItem(item, key)) };
}

function signedItem(item: LedgerItem, key: KeyObject): LedgerItem {
  return {
    ...item,
    appends: item.appends.map((append) => ({
      ...append,
      events: append.events.map((event) => (isCommand(event) ? signed(event, key) : event)),
    })),
  };
}

function isCommand({ type }: NewEvent): boolean {
  return COMMAND_EVENTS.some((command) => command === type);
}

function signed(event: NewEvent, key: KeyObject): NewEvent {
  return { ...event, metadata: { ...event.metadata, signature: signCommand(event, key) } };
}
