import 'reflect-metadata';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { ExecutorApp } from './executor-app.js';
import { readExecutorConfig } from './executor.config.js';

/** Cut off after the executor's own shutdown time-out and this. */
const CLOSE_GRACE_MS = 5_000;

async function main(): Promise<void> {
  const config = readExecutorConfig(process.env);
  const app = await ExecutorApp.start(config);
  const stop = (): void => {
    setTimeout(() => process.exit(1), config.shutdownTimeoutMs + CLOSE_GRACE_MS).unref();
    app.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`executor: ${toRehomeError(error).message}\n`);
  process.exit(1);
});
