import type { KeyObject } from 'node:crypto';
import { configurationInvalid, readSettings } from '#shared/configuration/read-settings.js';
import type { BackupTier } from '#shared/contracts/backups.js';
import { COMMANDS_TOPIC, EVENTS_TOPIC, REQUESTS_TOPIC } from '#shared/contracts/topics.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { LogLevel } from '#shared/observability/logger.js';
import { readSigningKey } from '#shared/signing/signing-keys.js';
import { isRole, ROLES } from './auth/role.js';
import type { HashedKey } from './auth/api-keys.js';
import { readCatalogue } from './registry/catalogue.js';
import type { Definition } from './registry/registry-writer.js';

export interface PlannerTopics {
  readonly requests: string;
  readonly commands: string;
  readonly events: string;
}

export interface CheckpointConfig {
  /** Outside the ledger's database, best on another disk. */
  readonly file: string;
  /** Ed25519, private. */
  readonly key: KeyObject;
  readonly intervalMs: number;
}

/** What the planner runs with: settings, API keys and the catalogue, all of them read and checked. */
export interface PlannerConfig {
  readonly logLevel: LogLevel;
  readonly host: string;
  readonly port: number;
  readonly ledgerUrl: string;
  /** Empty: without Kafka. */
  readonly kafkaBrokers: readonly string[];
  readonly kafkaGroupPrefix: string;
  readonly kafkaReplication: number;
  /** Those of the contract; tests that share a broker take their own. */
  readonly topics: PlannerTopics;
  readonly apiKeys: readonly HashedKey[];
  /** Keys that only this process knows: they are nowhere stored and end with it. */
  readonly ownKeys?: readonly HashedKey[];
  /** Answers calls, and decides nothing before `PlannerLifecycle.decide()`. */
  readonly decidesLater?: true;
  readonly catalogue: readonly Definition[];
  /** Ed25519, private: every command is signed with it. */
  readonly signingKey: KeyObject;
  /** Absent: where the ledger stands is written nowhere else. */
  readonly checkpoint?: CheckpointConfig;
  readonly bodyLimitBytes: number;
  readonly dryRunWaitMs: number;
  readonly healthStaleMs: number;
  readonly readerLeaseTtlMs: number;
  /** How many backups of each tier a clean-up leaves that does not say so itself. */
  readonly backupKeep: Readonly<Record<BackupTier, number>>;
  readonly shutdownTimeoutMs: number;
  readonly faultPoints: string;
}

/**
 * Reads the environment once.
 *
 * @throws RehomeError CONFIGURATION_INVALID with every problem of settings, keys and catalogue at once.
 */
export function readPlannerConfig(environment: NodeJS.ProcessEnv): PlannerConfig {
  const problems: string[] = [];
  const settings = collect(problems, () =>
    readSettings(
      [
        'logLevel',
        'plannerHost',
        'plannerPort',
        'ledgerUrl',
        'kafkaBrokers',
        'kafkaGroupPrefix',
        'kafkaReplication',
        'bodyLimitBytes',
        'dryRunWaitMs',
        'healthStaleMs',
        'readerLeaseTtlMs',
        'shutdownTimeoutMs',
        'faultPoints',
      ],
      environment,
    ),
  );
  // Read apart, so that a wrong port does not hide a wrong catalogue.
  const { apiKeys, cataloguePath, signingKey, signingKeyFile } = readSettings(
    ['apiKeys', 'cataloguePath', 'signingKey', 'signingKeyFile'],
    environment,
  );
  const backupKeep = collect(problems, () => readBackupKeep(environment));
  const keys = collect(problems, () => readApiKeys(apiKeys));
  const catalogue = collect(problems, () => (cataloguePath === undefined ? [] : readCatalogue(cataloguePath)));
  const signing = collect(problems, () => readSigningKey({ text: signingKey, file: signingKeyFile }));
  const checkpoint = collect(problems, () => readCheckpointing(environment, signing));
  if (!settings || !backupKeep || !keys || !catalogue || !signing || !checkpoint) throw configurationInvalid(problems);
  const { plannerHost: host, plannerPort: port, ...rest } = settings;
  const topics = { requests: REQUESTS_TOPIC, commands: COMMANDS_TOPIC, events: EVENTS_TOPIC };
  return { ...rest, ...checkpoint, host, port, backupKeep, topics, apiKeys: keys, catalogue, signingKey: signing };
}

/** A key of its own outlives the key of commands: a checkpoint is checked with the key that signed it. */
function readCheckpointing(
  environment: NodeJS.ProcessEnv,
  signingKey: KeyObject | undefined,
): Pick<PlannerConfig, 'checkpoint'> {
  const { checkpointFile, checkpointKeyFile, checkpointIntervalMs } = readSettings(
    ['checkpointFile', 'checkpointKeyFile', 'checkpointIntervalMs'],
    environment,
  );
  const key = checkpointKeyFile === undefined ? signingKey : readSigningKey({ file: checkpointKeyFile });
  if (checkpointFile === undefined || key === undefined) return {};
  return { checkpoint: { file: checkpointFile, key, intervalMs: checkpointIntervalMs } };
}

function readBackupKeep(environment: NodeJS.ProcessEnv): PlannerConfig['backupKeep'] {
  const names = ['backupKeepManual', 'backupKeepDaily', 'backupKeepWeekly', 'backupKeepMonthly'] as const;
  const kept = readSettings(names, environment);
  return {
    manual: kept.backupKeepManual,
    daily: kept.backupKeepDaily,
    weekly: kept.backupKeepWeekly,
    monthly: kept.backupKeepMonthly,
  };
}

const KEY_ENTRY = /^([A-Za-z0-9._-]{1,100}):([a-z]+):([0-9a-f]{64})$/;

/** `name:role:sha256`. An entry that cannot be read is not repeated: it may hold a key in clear. */
function readApiKeys(entries: readonly string[]): HashedKey[] {
  const problems: string[] = [];
  const keys = entries.flatMap((entry, index) => {
    const [, name, role, keySha256] = KEY_ENTRY.exec(entry) ?? [];
    if (name !== undefined && role !== undefined && keySha256 !== undefined && isRole(role))
      return [{ name, role, keySha256 }];
    problems.push(
      `REHOME_API_KEYS entry ${String(index + 1)} is not name:role:sha256 with a role of ${ROLES.join(', ')} and 64 hex digits`,
    );
    return [];
  });
  if (problems.length > 0) throw configurationInvalid(problems);
  return keys;
}

function collect<T>(problems: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RehomeError) || error.code !== 'CONFIGURATION_INVALID') throw error;
    const told = error.facts?.['problems'];
    problems.push(...(Array.isArray(told) ? told.map(String) : [error.message]));
    return undefined;
  }
}
