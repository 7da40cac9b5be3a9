import { readSettings } from '#shared/configuration/read-settings.js';
import type { LogLevel } from '#shared/observability/logger.js';
import { readExecutorConfig, type ExecutorConfig } from '../../../executor/src/executor.config.js';
import type { HashedKey } from '../../../planner/src/auth/api-keys.js';
import { readPlannerConfig, type PlannerConfig } from '../../../planner/src/planner.config.js';
import { ledgerUrlsOf } from './ledger-urls.js';
import { withCommandKeys } from './own-command-keys.js';

export interface InProcessConfig {
  readonly logLevel: LogLevel;
  readonly planner: PlannerConfig;
  readonly executor: ExecutorConfig;
}

export interface InProcessWishes {
  /** Of the one caller there is. */
  readonly key: HashedKey;
  readonly verbose: boolean;
}

/**
 * What planner and executor run with when they share a process: the settings of both, without Kafka, the planner's port
 * free and local. Makes the ledger and the keys of commands when they are not there.
 *
 * @throws RehomeError CONFIGURATION_INVALID, LEDGER_UNAVAILABLE, POSTGRES_…
 */
export async function readInProcessConfig(
  given: NodeJS.ProcessEnv,
  { key, verbose }: InProcessWishes,
): Promise<InProcessConfig> {
  const environment = {
    ...given,
    REHOME_LOG_LEVEL: nonEmpty(given['REHOME_LOG_LEVEL']) ?? (verbose ? 'info' : 'warn'),
    REHOME_KAFKA_BROKERS: '',
    REHOME_PLANNER_HOST: '127.0.0.1',
    REHOME_PLANNER_PORT: '0',
    REHOME_API_KEYS: '',
  };
  const { workRoot, logLevel } = readSettings(['workRoot', 'logLevel'], environment);
  const withKeys = withCommandKeys(environment, workRoot);
  const { plannerUrl, executorUrl } = await ledgerUrlsOf(withKeys);
  const planner = readPlannerConfig({ ...withKeys, REHOME_LEDGER_URL: plannerUrl });
  const executor = readExecutorConfig({ ...withKeys, REHOME_LEDGER_URL: executorUrl });
  // What steps may read of the environment is the caller's own, without what was laid over it here.
  return {
    logLevel,
    planner: { ...planner, ownKeys: [key], decidesLater: true },
    executor: { ...executor, environment: given },
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
