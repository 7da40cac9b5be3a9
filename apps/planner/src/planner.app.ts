import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from '#shared/observability/logger.js';
import { serveAsyncApi } from './asyncapi/serve-asyncapi.js';
import { installAccessLog, requestIdOf } from './http/access-log.js';
import { takeArchives } from './http/archive-body.js';
import { takeJsonBodies } from './http/json-body.js';
import { nestLogger } from './http/nest-logger.js';
import { answerFrameworkError } from './http/problem.filter.js';
import { traceCalls } from './http/trace-calls.js';
import { serveOpenApi } from './http/openapi.js';
import { KafkaParts } from './kafka-parts.js';
import { openLedgerParts } from './ledger-parts.js';
import { PlannerLifecycle } from './planner-lifecycle.js';
import type { PlannerConfig } from './planner.config.js';
import { PlannerModule } from './planner.module.js';

/** A planner with its lifetime: `start()` listens, `stop()` answers what is in hand and gives leases back. */
export interface PlannerApp {
  readonly app: NestFastifyApplication;
  readonly lifecycle: PlannerLifecycle;
  /** Answers its own address. */
  start(): Promise<string>;
  stop(): Promise<void>;
}

/** Names of the registry, percent-encoded, are longer than the router's 100 characters. */
const MAX_PATH_PART = 1_000;

export async function createPlanner(config: PlannerConfig, logger: Logger): Promise<PlannerApp> {
  const parts = openLedgerParts(config, logger);
  const kafka = config.kafkaBrokers.length === 0 ? undefined : new KafkaParts(parts);
  const lifecycle = new PlannerLifecycle(parts, kafka);
  const adapter = new FastifyAdapter({
    bodyLimit: config.bodyLimitBytes,
    genReqId: requestIdOf,
    frameworkErrors: answerFrameworkError,
    routerOptions: { maxParamLength: MAX_PATH_PART },
    forceCloseConnections: 'idle',
  });
  const app = await NestFactory.create<NestFastifyApplication>(PlannerModule.around(lifecycle), adapter, {
    logger: nestLogger(logger),
  });
  traceCalls(adapter.getInstance());
  installAccessLog(adapter.getInstance(), logger, parts.metrics);
  takeJsonBodies(app, config.bodyLimitBytes);
  takeArchives(app);
  serveOpenApi(app);
  serveAsyncApi(app, config.topics);
  // Without inheritAppConfig neither guards nor filters would apply to messages.
  if (kafka !== undefined) app.connectMicroservice({ strategy: kafka.strategy }, { inheritAppConfig: true });
  return {
    app,
    lifecycle,
    start: async () => {
      await app.init();
      lifecycle.start();
      await app.startAllMicroservices();
      await app.listen(config.port, config.host);
      return app.getUrl();
    },
    stop: async () => {
      lifecycle.announceStop();
      await closeServer(app);
      await lifecycle.stop();
    },
  };
}

const SWEEP_MS = 50;

/** Answers what is in hand. A connection whose last answer went out meanwhile would stay open until its client gives up. */
async function closeServer(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer();
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, SWEEP_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
  }
}
