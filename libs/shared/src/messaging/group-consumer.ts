import type { Consumer } from 'kafkajs';
import { type BatchOutcome, deliverBatch, HEARTBEAT_INTERVAL_MS, type RecordBatch } from './batch-delivery.js';
import type { KafkaClient } from './kafka-client.js';
import { PATIENT } from './kafka-client.js';
import { backOffMs, pauseFor, within } from './waiting.js';

export interface GroupConsumerOptions {
  readonly groupId: string;
  /** All members of a group must have the same list. */
  readonly topics: readonly string[];
  /** Answers soon: while it works, the other partitions of the same fetch wait. Never throws. */
  readonly onBatch: (batch: RecordBatch) => Promise<BatchOutcome>;
  readonly beginAt?: Beginning;
}

/** Offsets to begin at instead of the committed or the oldest ones. */
export type Beginning = readonly { readonly topic: string; readonly partition: number; readonly offset: bigint }[];

export interface ConsumerHealth {
  /** `rebuilding`: the last consumer died, the next one is tried with back-off. */
  readonly state: 'stopped' | 'starting' | 'running' | 'rebuilding';
  /** Last answer of the group's coordinator; undefined before the first. */
  readonly lastHeartbeatAt: Date | undefined;
  readonly assigned: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

// The smallest that brokers allow by default. A killed member's partitions wait this long.
const SESSION_TIMEOUT_MS = 6_000;
const REBALANCE_TIMEOUT_MS = 15_000;
// How long a resumed partition or a leaving member may wait for the fetch under way (default 5 s).
const MAX_WAIT_MS = 200;
const PARTITIONS_AT_ONCE = 12;
// No sign of life for this long means that kafkajs has stopped without telling.
const STALL_MS = 30_000;
const CLOSE_LIMIT_MS = 3_000;
// A broker that starts or hands its groups on costs one or two consumers; that is nobody's concern.
const FAILURES_WORTH_A_WARNING = 3;
const REBUILD_FIRST_MS = 100;
const REBUILD_MOST_MS = 5_000;

/**
 * A member of a consumer group that never gives up. kafkajs restarts a crashed consumer only after errors it
 * calls retriable and otherwise leaves the process alive and reading nothing; so its own restart is off and
 * every crash, failed start or stall ends in a new consumer, with back-off.
 */
export class GroupConsumer {
  private readonly closing = new AbortController();
  private state: ConsumerHealth['state'] = 'stopped';
  private assigned: ConsumerHealth['assigned'] = [];
  private lastHeartbeatAt: Date | undefined;
  private failures = 0;
  private life: Promise<void> | undefined;

  constructor(
    private readonly client: KafkaClient,
    private readonly options: GroupConsumerOptions,
  ) {}

  get health(): ConsumerHealth {
    return { state: this.state, lastHeartbeatAt: this.lastHeartbeatAt, assigned: this.assigned };
  }

  /** Returns at once; the group is joined as soon as Kafka answers. */
  start(): void {
    this.state = 'starting';
    this.life ??= this.live();
  }

  /** Leaves the group, so that its partitions go to other members at once. */
  async close(): Promise<void> {
    this.closing.abort();
    // A connection to a host that swallows packets takes far longer to fail than anybody waits for a stop.
    await within(
      2 * CLOSE_LIMIT_MS,
      this.life ?? Promise.resolve(),
      () => new Error('the consumer is still closing'),
    ).catch((error: unknown) => {
      this.client.logger.warn({ err: error, groupId: this.options.groupId }, 'kafka consumer not closed in time');
    });
  }

  private isClosing(): boolean {
    return this.closing.signal.aborted;
  }

  private async live(): Promise<void> {
    while (!this.isClosing()) {
      const consumer = this.build();
      try {
        await this.consume(consumer);
      } catch (error) {
        this.lostOnce(error);
      }
      this.assigned = [];
      await leave(consumer, this.client);
      if (this.isClosing()) break;
      this.state = 'rebuilding';
      await pauseFor(backOffMs(this.failures, REBUILD_FIRST_MS, REBUILD_MOST_MS), this.closing.signal);
    }
    this.state = 'stopped';
  }

  private lostOnce(error: unknown): void {
    this.failures += 1;
    const fields = { err: error, groupId: this.options.groupId, failures: this.failures };
    this.client.logger[this.failures === FAILURES_WORTH_A_WARNING ? 'warn' : 'debug'](fields, 'kafka consumer lost');
  }

  private build(): Consumer {
    return this.client.connectionTo(PATIENT).consumer({
      groupId: this.options.groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      maxWaitTimeInMs: MAX_WAIT_MS,
      allowAutoTopicCreation: false,
      retry: { ...PATIENT, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  /** Returns when closing; throws when this consumer is of no use any more. */
  private async consume(consumer: Consumer): Promise<void> {
    const over = new AbortController();
    const lost = this.lost(consumer, over.signal);
    // A rejection that comes before anybody waits for it must not end the process.
    lost.catch(() => undefined);
    try {
      await this.join(consumer, over.signal);
      await Promise.race([lost, aborted(this.closing.signal)]);
    } finally {
      over.abort();
    }
  }

  private async join(consumer: Consumer, over: AbortSignal): Promise<void> {
    // Not raced with closing: what connects or joins behind our back would stay, held by nobody.
    await consumer.connect();
    if (this.isClosing()) return;
    // A new group begins at the oldest record: requests sent before its first start count as well.
    await consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    const running = consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachBatch: (payload) => deliverBatch({ consumer, payload, onBatch: this.options.onBatch, over }),
    });
    await Promise.race([running, aborted(this.closing.signal)]);
    for (const { topic, partition, offset } of this.options.beginAt ?? []) {
      consumer.seek({ topic, partition, offset: String(offset) });
    }
    // kafkajs goes on joining after a disconnect and would stay as a member that nobody holds.
    if (this.isClosing()) await within(CLOSE_LIMIT_MS, running, () => new Error('the group was not joined in time'));
  }

  /** Rejects when the consumer crashed or shows no sign of life any more. */
  private lost(consumer: Consumer, over: AbortSignal): Promise<never> {
    let lastSignAt = Date.now();
    const sign = (): void => {
      lastSignAt = Date.now();
    };
    consumer.on('consumer.fetch', sign);
    consumer.on('consumer.end_batch_process', sign);
    consumer.on('consumer.heartbeat', () => {
      sign();
      this.lastHeartbeatAt = new Date();
    });
    consumer.on('consumer.group_join', ({ payload }) => {
      sign();
      this.joined(payload.memberAssignment);
    });
    return new Promise<never>((_resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => {
        reject(payload.error);
      });
      const watch = setInterval(() => {
        if (Date.now() - lastSignAt > STALL_MS) reject(new Error(`no sign of life for ${String(STALL_MS)} ms`));
      }, STALL_MS / 10);
      over.addEventListener('abort', () => {
        clearInterval(watch);
      });
    });
  }

  private joined(assignment: Readonly<Record<string, number[]>>): void {
    this.assigned = Object.entries(assignment).map(([topic, partitions]) => ({ topic, partitions }));
    this.lastHeartbeatAt = new Date();
    this.failures = 0;
    this.state = 'running';
    this.client.logger.info({ groupId: this.options.groupId, assigned: this.assigned }, 'kafka group joined');
  }
}

async function leave(consumer: Consumer, client: KafkaClient): Promise<void> {
  await within(CLOSE_LIMIT_MS, consumer.disconnect(), () => new Error('the group was not left in time')).catch(
    (error: unknown) => {
      client.logger.debug({ err: error }, 'kafka consumer did not disconnect');
    },
  );
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
