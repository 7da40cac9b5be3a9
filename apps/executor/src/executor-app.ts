import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import { LedgerTransportStrategy } from '#shared/messaging/ledger-transport.strategy.js';
import { publishedBy } from '#shared/messaging/published-by.js';
import type { ExecutorConfig } from './executor.config.js';
import { Executor } from './executor.js';
import { ExecutorModule } from './executor.module.js';
import { ExecutorHealth } from './health/executor-health.js';

/** The whole process: executor, Kafka consumer, HTTP server. */
export class ExecutorApp {
  private stopped: Promise<void> | undefined;

  private constructor(
    private readonly executor: Executor,
    private readonly app: NestFastifyApplication,
    private readonly health: ExecutorHealth,
  ) {}

  /** @throws RehomeError CONFIGURATION_INVALID, LEDGER_UNAVAILABLE */
  static async start(config: ExecutorConfig): Promise<ExecutorApp> {
    const executor = new Executor(config);
    const strategy = config.kafkaBrokers.length === 0 ? undefined : strategyOf(config, executor);
    const health = new ExecutorHealth({
      reader: executor.reader,
      metrics: executor.metrics,
      consumer: strategy === undefined ? undefined : () => strategy.health,
      owner: config.owner,
      site: config.executorSite,
      runningSteps: () => executor.runningSteps,
    });
    const app = await NestFactory.create<NestFastifyApplication>(
      ExecutorModule.around(executor, health),
      new FastifyAdapter(),
      { logger: false, abortOnError: false },
    );
    await executor.start();
    if (strategy !== undefined) app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.listen(config.executorPort, config.executorHost);
    executor.logger.info({ url: await app.getUrl(), site: config.executorSite }, 'executor started');
    return new ExecutorApp(executor, app, health);
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
