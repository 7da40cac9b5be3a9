import 'reflect-metadata';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { createLogger, scrubUrls } from '#shared/observability/logger.js';
import { startTracing } from '#shared/observability/start-tracing.js';
import { createPlanner } from './planner.app.js';
import { readPlannerConfig, type PlannerConfig } from './planner.config.js';

/** sysexits EX_USAGE: bad configuration. */
const EXIT_CONFIGURATION = 64;

async function main(): Promise<void> {
  const config = configured();
  if (config === undefined) return;
  const logger = createLogger({ name: 'planner', level: config.logLevel });
  const stopTracing = await startTracing(process.env, 'rehome-planner', logger);
  const planner = await createPlanner(config, logger);
  const shutDown = (signal: NodeJS.Signals): void => {
    logger.info({ signal }, 'planner stops');
    const cutOff = setTimeout(() => process.exit(1), config.shutdownTimeoutMs);
    cutOff.unref();
    void planner
      .stop()
      .then(stopTracing)
      .then(
        () => {
          logger.info('planner stopped');
          process.exit(0);
        },
        (error: unknown) => {
          logger.error({ err: error }, 'planner did not stop cleanly');
          process.exit(1);
        },
      );
  };
  process.once('SIGTERM', shutDown);
  process.once('SIGINT', shutDown);
  const url = await planner.start();
  logger.info({ url, kafka: config.kafkaBrokers.length > 0 }, 'planner listens');
}

function configured(): PlannerConfig | undefined {
  try {
    return readPlannerConfig(process.env);
  } catch (error) {
    if (!(error instanceof RehomeError)) throw error;
    process.stderr.write(`${scrubUrls(error.message)}\n`);
    process.exitCode = EXIT_CONFIGURATION;
    return undefined;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${scrubUrls(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`);
  process.exit(1);
});
