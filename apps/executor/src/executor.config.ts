import { hostname } from 'node:os';
import { readSettings, type Settings } from '#shared/configuration/read-settings.js';
import { COMMANDS_TOPIC } from '#shared/contracts/topics.js';
import type { SettingKey } from '#shared/configuration/settings.js';

const KEYS = [
  'logLevel',
  'ledgerUrl',
  'kafkaBrokers',
  'kafkaGroupPrefix',
  'faultPoints',
  'shutdownTimeoutMs',
  'executorHost',
  'executorPort',
  'executorName',
  'executorSite',
  'workRoot',
  'vaultKey',
  'vaultKeyFile',
  'commandKeys',
  'commandKeysFile',
  'secretRoots',
  'secretVariablePrefix',
  'configRoots',
  'backupRoots',
  'allowedHosts',
  'allowedPrograms',
  'dockerHost',
  'pgToolsDirectories',
  'provisionerUrl',
  'provisionerTimeoutMs',
  'provisionerDeprovision',
  'leaseTtlMs',
  'heartbeatMs',
  'sweepIntervalMs',
  'sweepGraceMs',
  'healthIntervalMs',
  'backupKeepMs',
  'migrationLogRoot',
  'maxConcurrentSteps',
] as const satisfies readonly SettingKey[];

export interface ExecutorConfig extends Settings<(typeof KEYS)[number]> {
  /** Written into leases and events. */
  readonly owner: string;
  /** For `env:` secret references only. */
  readonly environment: NodeJS.ProcessEnv;
  /** That of the contract; tests that share a broker take their own. */
  readonly commandsTopic: string;
}

/** @throws RehomeError CONFIGURATION_INVALID with every problem at once. */
export function readExecutorConfig(environment: NodeJS.ProcessEnv): ExecutorConfig {
  const settings = readSettings(KEYS, environment);
  // The process id alone repeats on every host, and after a restart.
  const owner = settings.executorName ?? `${hostname()}:${String(process.pid)}`;
  return { ...settings, owner, environment, commandsTopic: COMMANDS_TOPIC };
}
