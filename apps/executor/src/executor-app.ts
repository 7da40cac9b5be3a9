import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import { LedgerTransportStrategy } from '#shared/messaging/ledger-transport.strategy.js';
import { publishedBy } from '#shared/messaging/published-by.js';
import { backOffMs, pauseFor } from '#shared/messaging/waiting.js';
import type { ExecutorConfig } from './executor.config.js';
import { Executor } from './executor.js';
import { ExecutorModule } from './executor.module.js';
import { ExecutorHealth } from './health/executor-health.js';
import { serveOpenApi } from './http/openapi.js';

/** What is mended while we wait: the ledger is away, or its roles, its database or its schema are not made yet. */
const MENDED_BY_WAITING: readonly ErrorCode[] = [
  'LEDGER_UNAVAILABLE',
  'POSTGRES_UNREACHABLE',
  'POSTGRES_TRANSIENT',
  'POSTGRES_AUTHENTICATION_FAILED',
  'POSTGRES_STATEMENT_FAILED',
];
const LONGEST_BACK_OFF_MS = 5_000;

/** The whole process: executor, Kafka consumer, HTTP server. */
export class ExecutorApp {
  private readonly stopping = new AbortController();
  private beginning: Promise<void> | undefined;
  private stopped: Promise<void> | undefined;

  private constructor(
    private readonly executor: Executor,
    private readonly app: NestFastifyApplication,
    private readonly health: ExecutorHealth,
  ) {}

  /** Listens, then begins. @throws RehomeError CONFIGURATION_INVALID */
  static async start(config: ExecutorConfig): Promise<ExecutorApp> {
    const app = await ExecutorApp.listen(config);
    try {
      await app.begin();
      return app;
    } catch (error) {
      await app.stop();
      throw error;
    }
  }

  /** Answers health, unready, before there is a ledger. */
  static async listen(config: ExecutorConfig): Promise<ExecutorApp> {
    const executor = new Executor(config);
    const strategy = config.kafkaBrokers.length === 0 ? undefined : strategyOf(config, executor);
    const health = new ExecutorHealth({
      reader: executor.reader,
      metrics: executor.metrics,
      consumer: strategy === undefined ? undefined : () => strategy.health,
      owner: config.owner,
      site: config.executorSite,
      runningSteps: () => executor.runningSteps,
      measure: () => executor.measure(),
    });
    const app = await NestFactory.create<NestFastifyApplication>(
      ExecutorModule.around(executor, health),
      new FastifyAdapter(),
      { logger: false, abortOnError: false },
    );
    if (strategy !== undefined) app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig: true });
    serveOpenApi(app);
    await app.listen(config.executorPort, config.executorHost);
    executor.logger.info({ url: await app.getUrl(), site: config.executorSite }, 'executor listens');
    return new ExecutorApp(executor, app, health);
  }

  /**
   * Waits for the ledger, then takes commands; ends at once when it is stopped meanwhile.
   *
   * @throws RehomeError CONFIGURATION_INVALID, SECRET_MISSING when it may not act for its site.
   */
  begin(): Promise<void> {
    this.beginning ??= this.beginOnce();
    return this.beginning;
  }

  private async beginOnce(): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await this.executor.start();
        await this.app.startAllMicroservices();
        this.health.begin();
        this.executor.logger.info('executor started');
        return;
      } catch (error) {
        const failure = toRehomeError(error);
        if (!MENDED_BY_WAITING.includes(failure.code)) throw failure;
        this.executor.logger.warn({ err: failure, attempt }, 'start waits for the ledger');
        await pauseFor(backOffMs(attempt, 100, LONGEST_BACK_OFF_MS), signal);
      }
    }
  }

  url(): Promise<string> {
    return this.app.getUrl();
  }

  /** No new claims; running steps give themselves back at their safe points; then everything closes. */
  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  private async stopOnce(): Promise<void> {
    this.health.stop();
    this.stopping.abort();
    await this.beginning?.catch(() => undefined);
    // The executor first: take-over by another must not wait for Kafka to let us go.
    await Promise.all([this.executor.stop(), this.app.close()]);
    this.executor.logger.info('executor stopped');
  }
}

function strategyOf(config: ExecutorConfig, executor: Executor): LedgerTransportStrategy {
  const { metrics, logger } = executor;
  const client = new KafkaClient(
    { brokers: config.kafkaBrokers, clientId: `${config.kafkaGroupPrefix}-executor` },
    logger,
  );
  return new LedgerTransportStrategy({
    client,
    groupId: `${config.kafkaGroupPrefix}-executors`,
    topics: [config.commandsTopic],
    accepts: publishedBy(executor.reader),
    // The dead letter itself carries why; the executor owns no stream where a command without a run could be told.
    onRejected: ({ failure, requestId }) => {
      logger.warn({ requestId, failure }, 'command rejected');
      metrics.count('rehome_dead_letters_total', { topic: config.commandsTopic, reason: failure.code });
      return Promise.resolve();
    },
    observe: ({ topic, outcome }) => {
      metrics.count('rehome_messages_total', { topic, outcome });
    },
  });
}
