import { COMMAND_EVENTS, type LedgerEvent } from '../contracts/events.js';
import { COMMANDS_TOPIC, EVENTS_TOPIC } from '../contracts/topics.js';
import { encodeLedgerEvent, sizeOf } from './encode-event.js';
import type { OutgoingRecord } from './kafka-record.js';
import { MAX_MESSAGE_BYTES } from './topics-setup.js';

/** Consecutive events that go to Kafka in one send. */
export interface EventBatch {
  readonly records: readonly OutgoingRecord[];
  readonly lastPosition: bigint;
}

/**
 * Brokers limit a *batch* of records per partition, not a record, and one migration's events share a partition.
 * Two events of the largest size that the ledger takes still fit.
 */
const MAX_BATCH_BYTES = MAX_MESSAGE_BYTES * 0.9;

export interface RelayTopics {
  readonly events: string;
  readonly commands: string;
}

const TOPICS: RelayTopics = { events: EVENTS_TOPIC, commands: COMMANDS_TOPIC };

/** Every event for the events topic, commands also for the commands topic and before the events: an executor waits for them. */
export function batchesOf(events: readonly LedgerEvent[], ledgerId: string, topics = TOPICS): EventBatch[] {
  const batches: EventBatch[] = [];
  let commands: OutgoingRecord[] = [];
  let published: OutgoingRecord[] = [];
  let bytes = 0;
  let lastPosition: bigint | undefined;
  const flush = (): void => {
    if (lastPosition !== undefined) batches.push({ records: [...commands, ...published], lastPosition });
    [commands, published, bytes] = [[], [], 0];
  };
  for (const event of events) {
    const record = encodeLedgerEvent(event, ledgerId, topics.events);
    const size = sizeOf(record);
    if (published.length > 0 && bytes + size > MAX_BATCH_BYTES) flush();
    if (isCommand(event)) commands.push({ ...record, topic: topics.commands });
    published.push(record);
    bytes += size;
    lastPosition = event.position;
  }
  if (published.length > 0) flush();
  return batches;
}

const COMMANDS: ReadonlySet<string> = new Set(COMMAND_EVENTS);

function isCommand(event: LedgerEvent): boolean {
  return COMMANDS.has(event.type);
}
