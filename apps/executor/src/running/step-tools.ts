import type { FaultPoints } from '#shared/observability/fault-points.js';
import type { Logger } from '#shared/observability/logger.js';
import type { Metrics } from '#shared/observability/metrics.js';
import type { BackupCatalogue } from '../backups/backup-catalogue.js';
import type { ConfigFileDriver } from '../drivers/config-files/config-file.driver.js';
import type { SecretFileDriver } from '../drivers/config-files/secret-file.driver.js';
import type { ProvisionerClient } from '../drivers/provisioner/provisioner.client.js';
import type { ServicePolicy } from '../drivers/services/service-drivers.js';
import type { ProjectHealthStore } from '../health/projects/project-health-store.js';
import type { MigrationLog } from '../projects/migration-log.js';
import type { ProjectStore } from '../projects/project-store.js';
import type { SecretResolver } from '../secrets/secret-resolver.js';
import type { Captures } from './captures.js';
import type { EvidenceStore } from './evidence.js';

/** What every step of this executor may use. One per process. */
export interface StepTools {
  readonly secrets: SecretResolver;
  readonly services: ServicePolicy;
  readonly configFiles: ConfigFileDriver;
  readonly secretFiles: SecretFileDriver;
  /** Absent when none is configured. */
  readonly provisioner: ProvisionerClient | undefined;
  readonly backups: BackupCatalogue;
  readonly projects: ProjectStore;
  readonly projectHealth: ProjectHealthStore;
  /** Directories that dumps of others may lie in. */
  readonly backupRoots: readonly string[];
  readonly migrationLog: MigrationLog;
  readonly evidence: EvidenceStore;
  readonly captures: Captures;
  /** Directories searched for pg_dump and pg_restore before PATH. */
  readonly pgToolsDirectories: readonly string[];
  /** Absolute, 0700. */
  readonly workRoot: string;
  /** Executors of one site share work root and vault key. */
  readonly site: string;
  readonly faults: FaultPoints;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
