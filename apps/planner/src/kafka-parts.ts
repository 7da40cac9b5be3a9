import { once } from 'node:events';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { deadLetterTopic, TOPICS, type TopicSettings } from '#shared/contracts/topics.js';
import { LeasedCursor } from '#shared/ledger/leased-cursor.js';
import { refuseLostTail } from '#shared/ledger/known-tail.js';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import { readKafkaTail } from '#shared/messaging/kafka-tail.js';
import { LedgerTransportStrategy } from '#shared/messaging/ledger-transport.strategy.js';
import { RecordSender } from '#shared/messaging/record-sender.js';
import { Relay } from '#shared/messaging/relay.js';
import { createTopics } from '#shared/messaging/topics-setup.js';
import { backOffMs, pauseFor } from '#shared/messaging/waiting.js';
import type { Check, Reporter } from './health/planner-health.js';
import { Rejections } from './intake/rejections.js';
import type { LedgerParts } from './ledger-parts.js';
import type { PlannerTopics } from './planner.config.js';

const LONGEST_BACK_OFF_MS = 10_000;
const COMPARE_WITHIN_MS = 5_000;

/** Everything of the planner that talks to Kafka: the relay out, requests in. Kafka may be away at any time. */
export class KafkaParts {
  /** Nest attaches the handlers to it and starts it. */
  readonly strategy: LedgerTransportStrategy;
  private readonly client: KafkaClient;
  private readonly sender: RecordSender;
  private readonly relay: Relay;
  private readonly stopping = new AbortController();
  private starting: Promise<void> | undefined;
  private readonly compared = new EventTarget();
  /** Why the topics are not there yet. */
  private topics: 'missing' | 'ready' = 'missing';

  constructor(private readonly parts: LedgerParts) {
    const { config, logger, metrics } = parts;
    this.client = new KafkaClient(
      { brokers: config.kafkaBrokers, clientId: `${config.kafkaGroupPrefix}-planner` },
      logger,
    );
    this.sender = new RecordSender(this.client);
    const rejections = new Rejections(parts.writer);
    this.strategy = new LedgerTransportStrategy({
      client: this.client,
      groupId: `${config.kafkaGroupPrefix}-planner`,
      topics: [config.topics.requests],
      onRejected: (rejection) => rejections.record(rejection),
      observe: ({ topic, outcome, reason }) => {
        metrics.count('rehome_messages_total', { topic, outcome });
        if (outcome === 'rejected') metrics.count('rehome_dead_letters_total', { topic, reason: reason ?? 'INTERNAL' });
      },
    });
    this.relay = this.buildRelay();
  }

  /** Creates the topics as soon as Kafka answers, then publishes. */
  start(): void {
    this.starting ??= this.begin();
  }

  /** Resolves when the ledger was compared with what Kafka holds of it, or after a while: Kafka may be away. */
  async tailCompared(): Promise<void> {
    const { signal } = this.stopping;
    const enough = AbortSignal.any([signal, AbortSignal.timeout(COMPARE_WITHIN_MS)]);
    await once(this.compared, 'done', { signal: enough }).catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.starting;
    await this.relay.stop();
    await this.sender.close();
  }

  /** Kafka's part in readiness: without it the planner is only degraded, the ledger takes the work. */
  reporter(): Reporter {
    return { essential: false, check: () => this.check() };
  }

  private check(): Check {
    const { health } = this.strategy;
    const { because } = this.relay.state;
    if (this.topics === 'missing') return { status: 'down', detail: 'the topics could not be created yet' };
    if (because === 'KAFKA_UNAVAILABLE')
      return { status: 'down', detail: 'the relay cannot publish; events wait in the ledger' };
    if (health.state === 'rebuilding') return { status: 'down', detail: 'requests cannot be read' };
    return health.state === 'running' ? { status: 'up' } : { status: 'starting', detail: `requests: ${health.state}` };
  }

  private async begin(): Promise<void> {
    const { config, logger } = this.parts;
    const { signal } = this.stopping;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await createTopics(this.client, {
          replicationFactor: config.kafkaReplication,
          topics: topicsOf(config.topics),
        });
        this.topics = 'ready';
        await this.compareTails();
        this.relay.start();
        return;
      } catch (error) {
        if (toRehomeError(error).code === 'LEDGER_BROKEN') {
          logger.fatal({ err: toRehomeError(error) }, 'appends are held; restart after ledger.resume()');
          return;
        }
        // A topic with other partitions is for a person to mend: it is told each time, and tried again.
        logger.warn({ err: toRehomeError(error), attempt }, 'kafka topics not ready');
        await pauseFor(backOffMs(attempt, 200, LONGEST_BACK_OFF_MS), signal);
      }
    }
  }

  /** A ledger that was restored without its newest events would issue their positions again: then appends are held. */
  private async compareTails(): Promise<void> {
    const { config, reader, pools } = this.parts;
    const { ledgerId } = await reader.head();
    const tail = await readKafkaTail(this.client, config.topics.events, ledgerId);
    if (tail !== undefined) await refuseLostTail(reader, pools.reads, tail);
    this.compared.dispatchEvent(new Event('done'));
  }

  private buildRelay(): Relay {
    const { pools, owner, config, reader, writer, wake, faults, logger, metrics } = this.parts;
    return new Relay({
      acquire: () => LeasedCursor.acquire(pools.leases, { name: 'relay', owner, ttlMs: config.readerLeaseTtlMs }),
      reader,
      writer,
      wake,
      sender: this.sender,
      faults,
      logger,
      topics: config.topics,
      observe: ({ records }) => {
        for (const { topic } of records) metrics.count('rehome_relay_published_total', { topic });
      },
    });
  }
}

/** The contract's settings under the configured names. */
function topicsOf({ requests, commands, events }: PlannerTopics): TopicSettings[] {
  const names = [requests, commands, events];
  return TOPICS.map((topic, index) => ({
    ...topic,
    name: names[index] ?? deadLetterTopic(names[index - names.length] ?? ''),
  }));
}
