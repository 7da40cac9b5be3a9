import type { JsonValue } from '#shared/contracts/json.js';
import { EVENTS_TOPIC } from '#shared/contracts/topics.js';
import type { RecordBatch, BatchOutcome } from '#shared/messaging/batch-delivery.js';
import { decodeCloudEvent } from '#shared/messaging/decode-cloud-event.js';
import { GroupConsumer } from '#shared/messaging/group-consumer.js';
import { KafkaClient, type KafkaAddress } from '#shared/messaging/kafka-client.js';
import type { IncomingRecord } from '#shared/messaging/kafka-record.js';
import { silentLogger, type Logger } from '#shared/observability/logger.js';

/** An event of the ledger as it comes from `rehome.events.v1`. */
export interface RequestEvent {
  /** Drop what you have seen by it: delivery is at least once. */
  readonly eventId: string;
  /** `MigrationCompleted`; types you do not know are to be passed over. */
  readonly type: string;
  readonly schemaVersion: number;
  /** `ce_id` of the request it belongs to, or the migration's id when it was asked for over REST. */
  readonly correlationId: string;
  readonly stream: string;
  /** In the ledger. */
  readonly position: bigint;
  readonly data: JsonValue;
}

/** Nothing follows these for a request but what a person decides about a halted migration. */
const ENDS: ReadonlySet<string> = new Set([
  'MigrationCompleted',
  'MigrationRolledBack',
  'MigrationCancelled',
  'MigrationHalted',
  'PlanRefused',
  'CommandRejected',
]);

export function endsRequest({ type }: Pick<RequestEvent, 'type'>): boolean {
  return ENDS.has(type);
}

export interface RequestEventsOptions extends Omit<KafkaAddress, 'clientId'> {
  /** Members of a group share the partitions; each event goes to one of them. */
  readonly groupId: string;
  /** In the order of a migration. What it throws is tried again after a pause: nothing is skipped. */
  readonly onEvent: (event: RequestEvent) => Promise<void>;
  readonly logger?: Logger;
}

const PAUSE_MS = 1_000;

/** Follows the events of every request until it is closed; whoever asked picks its own by `correlationId`. */
export class RequestEvents {
  private readonly consumer: GroupConsumer;
  private readonly logger: Logger;

  constructor(private readonly options: RequestEventsOptions) {
    const { groupId, logger = silentLogger(), onEvent: _handler, ...address } = options;
    this.logger = logger;
    this.consumer = new GroupConsumer(new KafkaClient({ ...address, clientId: groupId }, logger), {
      groupId,
      topics: [EVENTS_TOPIC],
      onBatch: (batch) => this.deliver(batch),
    });
  }

  /** Returns at once; the group is joined as soon as Kafka answers. */
  start(): void {
    this.consumer.start();
  }

  close(): Promise<void> {
    return this.consumer.close();
  }

  private async deliver({ records }: RecordBatch): Promise<BatchOutcome> {
    for (const record of records) {
      try {
        await this.options.onEvent(eventOf(record));
      } catch (error) {
        this.logger.warn({ err: error, offset: String(record.offset) }, 'event not handled, tried again');
        return { next: record.offset, pauseMs: PAUSE_MS };
      }
    }
    return { next: (records.at(-1)?.offset ?? -1n) + 1n };
  }
}

const TYPE = /^rehome\.(\w+)\.v(\d+)$/;

/** @throws RehomeError for what no planner publishes */
function eventOf(record: IncomingRecord): RequestEvent {
  const { id, type, subject, data, extensions } = decodeCloudEvent(record);
  const [, name = type, version = '1'] = TYPE.exec(type) ?? [];
  return {
    eventId: id,
    type: name,
    schemaVersion: Number(version),
    correlationId: extensions['correlationid'] ?? '',
    stream: subject ?? '',
    position: BigInt(extensions['sequence'] ?? 0),
    data,
  };
}
