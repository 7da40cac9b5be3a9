import type { LedgerReader } from '../ledger/ledger-reader.js';
import type { CloudEvent } from './cloud-event.js';
import { cloudEventSource } from './cloud-event-headers.js';

/**
 * Says yes to what the reader's own ledger published. Two installations on one Kafka share the commands topic:
 * an executor must not run the commands of the other.
 *
 * @throws RehomeError LEDGER_UNAVAILABLE until the ledger has told its id once.
 */
export function publishedBy(reader: Pick<LedgerReader, 'head'>): (event: CloudEvent) => Promise<boolean> {
  let source: string | undefined;
  return async (event) => {
    source ??= cloudEventSource((await reader.head()).ledgerId);
    return event.source === source;
  };
}
