import { Partitioners, type Message, type Producer, type TopicMessages } from 'kafkajs';
import { HASTY, type KafkaClient } from './kafka-client.js';
import type { OutgoingRecord, RecordHeaders } from './kafka-record.js';
import { within } from './waiting.js';

const CONNECT_LIMIT_MS = 5_000;
/** Below the margin of the relay's lease: 20 % of 15 s. */
const SEND_LIMIT_MS = 2_500;
const DISCONNECT_LIMIT_MS = 1_000;

/**
 * One idempotent producer, one send in flight, acknowledged by all in-sync replicas.
 *
 * kafkajs rolls its sequence numbers back on *any* error, so an acknowledged record can be lost when two
 * sends overlap or a producer is used again after an error. Sends therefore queue up here, and an error
 * drops the producer: the next send builds a new one. Records of one call keep their order per partition.
 */
export class RecordSender {
  private producer: Producer | undefined;
  private tail: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(private readonly client: KafkaClient) {}

  /**
   * Resolves when every record is acknowledged. After an error some of the records may have been written:
   * send all of them again.
   *
   * @param check called when the connection stands, right before the bytes leave; what it throws stops the send.
   * @throws RehomeError KAFKA_UNAVAILABLE
   */
  send(records: readonly OutgoingRecord[], check: () => void = () => undefined): Promise<void> {
    const sent = this.tail.then(() => this.sendNow(records, check));
    this.tail = sent.catch(() => undefined);
    return sent;
  }

  /** Waits for sends under way. */
  async close(): Promise<void> {
    this.closed = true;
    await this.tail;
    await this.drop();
  }

  private async sendNow(records: readonly OutgoingRecord[], check: () => void): Promise<void> {
    if (records.length === 0) return;
    try {
      if (this.closed) throw new Error('the sender is closed');
      this.producer ??= await this.connect();
      const batch = { acks: -1, timeout: SEND_LIMIT_MS, topicMessages: byTopic(records) };
      check();
      await within(
        SEND_LIMIT_MS,
        this.producer.sendBatch(batch),
        () => new Error('the send was not acknowledged in time'),
      );
    } catch (error) {
      await this.drop();
      throw this.client.unavailable(error);
    }
  }

  private async connect(): Promise<Producer> {
    const producer = this.client.connectionTo(HASTY).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    // Kept before it is connected: if connecting fails, `drop` closes what is half open.
    this.producer = producer;
    await within(CONNECT_LIMIT_MS, producer.connect(), () => new Error('no connection in time'));
    return producer;
  }

  private async drop(): Promise<void> {
    const dropped = this.producer;
    this.producer = undefined;
    if (dropped === undefined) return;
    await within(DISCONNECT_LIMIT_MS, dropped.disconnect(), () => new Error('no disconnect in time')).catch(
      (error: unknown) => {
        this.client.logger.debug({ err: error }, 'kafka producer did not disconnect');
      },
    );
  }
}

function byTopic(records: readonly OutgoingRecord[]): TopicMessages[] {
  const topics = new Map<string, Message[]>();
  for (const record of records) {
    const messages = topics.get(record.topic) ?? [];
    messages.push(toMessage(record));
    topics.set(record.topic, messages);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

function toMessage({ key, value, headers, partition }: OutgoingRecord): Message {
  return { key, value, headers: withoutGaps(headers), ...(partition === undefined ? {} : { partition }) };
}

function withoutGaps(headers: RecordHeaders): Record<string, Buffer | string | (Buffer | string)[]> {
  const present: Record<string, Buffer | string | (Buffer | string)[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    present[name] = isList(value) ? [...value] : value;
  }
  return present;
}

function isList(value: Buffer | string | readonly (Buffer | string)[]): value is readonly (Buffer | string)[] {
  return Array.isArray(value);
}
