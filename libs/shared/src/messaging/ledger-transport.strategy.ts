import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { RehomeError } from '../errors/rehome-error.js';
import { type SpanOptions, traced } from '../observability/tracing.js';
import { Acceptance, type Observation } from './acceptance.js';
import type { CloudEvent } from './cloud-event.js';
import { TRACEPARENT } from './cloud-event-headers.js';
import { invalid } from './cloud-event-text.js';
import { putAside } from './dead-letters.js';
import { decodeCloudEvent } from './decode-cloud-event.js';
import { type ConsumerHealth, GroupConsumer } from './group-consumer.js';
import type { KafkaClient } from './kafka-client.js';
import type { IncomingRecord } from './kafka-record.js';
import type { MessageParser } from './message-parser.js';
import { RecordContext } from './record-context.js';
import { RecordSender } from './record-sender.js';
import type { Rejection } from './rejection.js';
import { within } from './waiting.js';

export interface LedgerTransportOptions {
  readonly client: KafkaClient;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** By `ce_type`; a type without one gets the parsed JSON. */
  readonly parsers?: Readonly<Record<string, MessageParser>>;
  /** Events it says no to are passed over: somebody else's, not at fault. */
  readonly accepts?: (event: CloudEvent) => Promise<boolean>;
  /** Called before a record is put aside; may come again for the same record. A `retry` error makes it wait. */
  readonly onRejected: (rejection: Rejection) => Promise<void>;
  /** For metrics. */
  readonly observe?: (observation: Observation) => void;
  /** Handlers only accept: what takes longer waits for a ledger that does not answer. */
  readonly handlerLimitMs?: number;
}

const HANDLER_LIMIT_MS = 10_000;

/**
 * Nest's way to Rehome's handlers: `@EventPattern('<ce_type>')` receives `(data, RecordContext)`. The
 * controller needs `@UseFilters(RpcErrors)`.
 *
 * A record is read, handled and then committed, in order per key. A record that is at fault goes to the dead
 * letter topic and the partition goes on; when something around is at fault the partition pauses and the
 * record comes again: it is never dropped. Handlers see records at least once; the inbox knows duplicates.
 */
export class LedgerTransportStrategy extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  private readonly consumer: GroupConsumer;
  private readonly sender: RecordSender;

  constructor(private readonly options: LedgerTransportOptions) {
    super();
    const { client, groupId, topics, onRejected, observe } = options;
    const sender = new RecordSender(client);
    const acceptance = new Acceptance({
      handle: (record) => this.handle(record),
      putAside: (record, failure) => putAside(sender, record, failure),
      onRejected,
      observe,
      logger: client.logger,
    });
    this.sender = sender;
    this.consumer = new GroupConsumer(client, { groupId, topics, onBatch: (batch) => acceptance.acceptBatch(batch) });
  }

  /** For readiness. */
  get health(): ConsumerHealth {
    return this.consumer.health;
  }

  /** Does not wait for Kafka: an application starts without it and says so in its readiness. */
  listen(callback: () => void): void {
    this.consumer.start();
    callback();
  }

  async close(): Promise<void> {
    await this.consumer.close();
    await this.sender.close();
  }

  /** There are no transport events; `health` tells the state. */
  on(event: string): never {
    throw new RehomeError('INTERNAL', `the ledger transport has no event "${event}"`);
  }

  unwrap<T>(): T {
    return this.consumer as T;
  }

  private async handle(record: IncomingRecord): Promise<'accepted' | 'passed-over'> {
    const event = decodeCloudEvent(record);
    if (!((await this.options.accepts?.(event)) ?? true)) return 'passed-over';
    await traced(`process ${record.topic}`, spanOf(record, event), () => this.deliver(record, event));
    return 'accepted';
  }

  private async deliver(record: IncomingRecord, event: CloudEvent): Promise<void> {
    const handler = this.handlerOf(event);
    const data = await parsed(event, this.options.parsers?.[event.type]);
    const limitMs = this.options.handlerLimitMs ?? HANDLER_LIMIT_MS;
    await within(limitMs, settled(handler, data, new RecordContext(record, event)), () => tooSlow(limitMs));
  }

  private handlerOf(event: CloudEvent): Handler {
    // Not `getHandlerByPattern`: it parses the type as JSON first, and the type is the sender's.
    const handler = this.messageHandlers.get(event.type);
    if (handler !== undefined) return handler;
    const [, name, version] = VERSIONED.exec(event.type) ?? [];
    const known = [...this.messageHandlers.keys()];
    const others = name === undefined ? [] : known.filter((type) => VERSIONED.exec(type)?.[1] === name);
    throw invalid(
      'type',
      others.length > 0
        ? `version ${String(version)} of ${String(name)} is not known here; known: ${others.join(', ')}`
        : `type "${event.type}" is not known here; known: ${known.join(', ')}`,
    );
  }
}

/** Its parent is whoever sent the record, by the distributed tracing extension of CloudEvents. */
function spanOf(
  { topic, partition, offset }: IncomingRecord,
  { id, type, source, extensions }: CloudEvent,
): SpanOptions {
  return {
    kind: 'consumer',
    parent: extensions[TRACEPARENT],
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': String(offset),
      'cloudevents.event_id': id,
      'cloudevents.event_type': type,
      'cloudevents.event_source': source,
    },
  };
}

type Handler = (data: unknown, context: RecordContext) => Promise<unknown>;

const VERSIONED = /^(.+)\.v(\d+)$/;

/** A parser sees nothing but the message: whatever it throws, the message is at fault. */
async function parsed(event: CloudEvent, parser: MessageParser | undefined): Promise<unknown> {
  if (parser === undefined) return event.data;
  try {
    return await parser(event);
  } catch (error) {
    if (error instanceof RehomeError) throw error;
    throw new RehomeError('REQUEST_INVALID', `the data of ${event.type} cannot be understood`, { cause: error });
  }
}

/** Nest answers plain values, or errors as an Observable that fails. */
async function settled(handler: Handler, data: unknown, context: RecordContext): Promise<void> {
  const result = await handler(data, context);
  if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
}

function tooSlow(limitMs: number): RehomeError {
  return new RehomeError('LEDGER_UNAVAILABLE', `the handler was not done within ${String(limitMs)} ms`);
}
