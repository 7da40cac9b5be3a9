import { join } from 'node:path';
import type { LedgerPools } from '#shared/database/pools.js';
import { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { FaultPoints } from '#shared/observability/fault-points.js';
import type { Logger } from '#shared/observability/logger.js';
import { Metrics } from '#shared/observability/metrics.js';
import { BackupCatalogue } from './backups/backup-catalogue.js';
import { ConfigBackups } from './drivers/config-files/config-backups.js';
import { ConfigFileDriver } from './drivers/config-files/config-file.driver.js';
import { SecretFileDriver } from './drivers/config-files/secret-file.driver.js';
import { ProvisionerClient } from './drivers/provisioner/provisioner.client.js';
import type { ExecutorConfig } from './executor.config.js';
import { ProjectHealthStore } from './health/projects/project-health-store.js';
import { MigrationLog } from './projects/migration-log.js';
import { ProjectStore } from './projects/project-store.js';
import { Captures } from './running/captures.js';
import { EvidenceStore } from './running/evidence.js';
import type { StepTools } from './running/step-tools.js';
import type { Redactor } from './secrets/redact.js';
import { readVaultKey, Sealer } from './secrets/sealing.js';
import { SecretResolver } from './secrets/secret-resolver.js';
import { Vault } from './secrets/vault.js';

export interface StepToolsParts {
  readonly config: ExecutorConfig;
  readonly pools: LedgerPools;
  readonly redactor: Redactor;
  readonly logger: Logger;
  /** Those of the process; some that nobody reads when absent. */
  readonly metrics?: Metrics;
  /** The one of the process; one of its own when absent. */
  readonly ledger?: LedgerWriter;
}

/** What steps work with, made from the configuration. @throws RehomeError CONFIGURATION_INVALID without a vault key. */
export function createStepTools(parts: StepToolsParts): { tools: StepTools; vault: Vault } {
  const { config, pools, redactor, logger, metrics = new Metrics() } = parts;
  const sealer = new Sealer(readVaultKey({ key: config.vaultKey, file: config.vaultKeyFile }));
  const vault = new Vault(pools.reads, sealer);
  const files = {
    roots: config.configRoots,
    backups: new ConfigBackups(join(config.workRoot, 'config-backups'), sealer),
  };
  const tools: StepTools = {
    secrets: secretsOf(config, vault, redactor),
    services: {
      http: { allowedHosts: config.allowedHosts },
      command: { allowedCommands: config.allowedPrograms, redactor },
      docker: { host: config.dockerHost, redactor },
    },
    configFiles: new ConfigFileDriver(files),
    secretFiles: new SecretFileDriver(files),
    provisioner: provisionerOf(config, redactor),
    backups: new BackupCatalogue(pools.reads, config.backupKeepMs),
    projects: new ProjectStore(pools.reads),
    projectHealth: projectHealthOf(parts),
    backupRoots: config.backupRoots,
    migrationLog: new MigrationLog(config.migrationLogRoot, logger),
    evidence: new EvidenceStore(pools.reads),
    captures: new Captures(config.workRoot),
    pgToolsDirectories: config.pgToolsDirectories,
    workRoot: config.workRoot,
    site: config.executorSite,
    faults: new FaultPoints(config.faultPoints),
    logger,
    metrics,
  };
  return { tools, vault };
}

function projectHealthOf({ config, pools, ledger }: StepToolsParts): ProjectHealthStore {
  return new ProjectHealthStore({
    ledger: ledger ?? new LedgerWriter(pools.appends),
    reader: new LedgerReader(pools.reads),
    reads: pools.reads,
    owner: config.owner,
  });
}

function secretsOf(config: ExecutorConfig, vault: Vault, redactor: Redactor): SecretResolver {
  return new SecretResolver({
    environment: config.environment,
    environmentPrefixes: [config.secretVariablePrefix],
    fileRoots: config.secretRoots,
    vault,
    redactor,
  });
}

function provisionerOf(config: ExecutorConfig, redactor: Redactor): ProvisionerClient | undefined {
  if (config.provisionerUrl === undefined) return undefined;
  return new ProvisionerClient({
    url: config.provisionerUrl.replace(/\/+$/, ''),
    allowedHosts: config.allowedHosts,
    redactor,
    timeoutMs: config.provisionerTimeoutMs,
    canDeprovision: config.provisionerDeprovision,
  });
}
