import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { Step } from '../running/step.js';
import { backUpDatabase } from './backup/back-up-database.step.js';
import { promoteBackup } from './backup/promote-backup.step.js';
import { removeBackups } from './backup/remove-backups.step.js';
import { restoreFile } from './backup/restore-file.step.js';
import { restoreBackup } from './backup/restore-backup.step.js';
import { verifyRestore } from './backup/verify-restore.step.js';
import { verifyBackup } from './backup/verify-backup.step.js';
import { applyPrivileges } from './database/apply-privileges.step.js';
import { captureSource } from './database/capture-source.step.js';
import { copySettings } from './database/copy-settings.step.js';
import { createDatabase } from './database/create-database.step.js';
import { dropRetired } from './database/drop-retired.step.js';
import { dumpDatabase } from './database/dump-database.step.js';
import { fenceSource } from './database/fence-source.step.js';
import { publishDatabase } from './database/publish-database.step.js';
import { reinstateSource } from './database/reinstate-source.step.js';
import { restoreDatabase } from './database/restore-database.step.js';
import { retireSource } from './database/retire-source.step.js';
import { inspectBackup } from './inspection/inspect-backup.step.js';
import { inspectRestore } from './inspection/inspect-restore.step.js';
import { inspectMove } from './inspection/inspect-move.step.js';
import { inspectRetired } from './inspection/inspect-retired.step.js';
import { preflightTarget } from './inspection/preflight-target.step.js';
import { checkHealth } from './project/check-health.step.js';
import { applyMigrations } from './project/apply-migrations.step.js';
import { inspectProject } from './project/inspect-project.step.js';
import { proveFakes } from './project/prove-fakes.step.js';
import { proveReverts } from './project/prove-reverts.step.js';
import { revertMigration } from './project/revert-migration.step.js';
import { swapDatabase } from './project/swap-database.step.js';
import { runProjectCommand } from './project/run-command.step.js';
import { validateDatabaseStep } from './project/validate-database.step.js';
import { describePlanWith } from './planning/describe-plan.step.js';
import { provisionServer } from './provisioning/provision-server.step.js';
import { editConfig } from './service/edit-config.step.js';
import { resizeService } from './service/resize-service.step.js';
import { setEnvironment } from './service/set-environment.step.js';
import { startService } from './service/start-service.step.js';
import { stopService } from './service/stop-service.step.js';
import { writeSecretFile } from './service/write-secret-file.step.js';
import { verifyConnections } from './verification/verify-connections.step.js';
import { verifyCopy } from './verification/verify-copy.step.js';

/** Every kind of step this executor runs. A kind without an entry does not compile. */
export const STEPS: { readonly [K in StepKind]: Step<K> } = {
  'inspect-move': inspectMove,
  'inspect-retired': inspectRetired,
  'describe-plan': describePlanWith((kind) => (params) => stepOf(kind).describe(params)),
  'provision-server': provisionServer,
  'preflight-target': preflightTarget,
  'capture-source': captureSource,
  'create-database': createDatabase,
  'stop-service': stopService,
  'fence-source': fenceSource,
  'dump-database': dumpDatabase,
  'restore-database': restoreDatabase,
  'apply-privileges': applyPrivileges,
  'copy-settings': copySettings,
  'verify-copy': verifyCopy,
  'publish-database': publishDatabase,
  'edit-config': editConfig,
  'write-secret-file': writeSecretFile,
  'set-environment': setEnvironment,
  'resize-service': resizeService,
  'start-service': startService,
  'verify-connections': verifyConnections,
  'retire-source': retireSource,
  'reinstate-source': reinstateSource,
  'drop-retired': dropRetired,
  'inspect-backup': inspectBackup,
  'back-up-database': backUpDatabase,
  'verify-backup': verifyBackup,
  'promote-backup': promoteBackup,
  'inspect-restore': inspectRestore,
  'restore-backup': restoreBackup,
  'restore-file': restoreFile,
  'verify-restore': verifyRestore,
  'remove-backups': removeBackups,
  'inspect-project': inspectProject,
  'prove-fakes': proveFakes,
  'prove-reverts': proveReverts,
  'apply-migrations': applyMigrations,
  'revert-migration': revertMigration,
  'swap-database': swapDatabase,
  'run-command': runProjectCommand,
  'validate-database': validateDatabaseStep,
  'check-health': checkHealth,
};

export function stepOf(kind: StepKind): Step<StepKind> {
  return STEPS[kind];
}
