import 'reflect-metadata';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { createLogger } from '#shared/observability/logger.js';
import { startTracing } from '#shared/observability/start-tracing.js';
import { ExecutorApp } from './executor-app.js';
import { readExecutorConfig } from './executor.config.js';

/** Cut off after the executor's own shutdown time-out and this. */
const CLOSE_GRACE_MS = 5_000;

async function main(): Promise<void> {
  const config = readExecutorConfig(process.env);
  const logger = createLogger({ name: 'executor', level: config.logLevel });
  const stopTracing = await startTracing(process.env, 'rehome-executor', logger);
  const app = await ExecutorApp.listen(config);
  const stop = (): void => {
    setTimeout(() => process.exit(1), config.shutdownTimeoutMs + CLOSE_GRACE_MS).unref();
    void app
      .stop()
      .then(stopTracing)
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await app.begin();
}

main().catch((error: unknown) => {
  process.stderr.write(`executor: ${toRehomeError(error).message}\n`);
  process.exit(1);
});
