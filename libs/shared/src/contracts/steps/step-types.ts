import type {
  BackUpDatabaseParams,
  BackUpDatabaseResult,
  InspectBackupParams,
  InspectBackupResult,
  InspectRestoreParams,
  InspectRestoreResult,
  PromoteBackupParams,
  PromoteBackupResult,
  RemoveBackupsParams,
  RemoveBackupsResult,
  RestoreBackupParams,
  RestoreBackupResult,
  RestoreFileParams,
  RestoreFileResult,
  VerifyBackupParams,
  VerifyBackupResult,
  VerifyRestoreParams,
  VerifyRestoreResult,
} from './backup-steps.js';
import type {
  ApplyPrivilegesParams,
  ApplyPrivilegesResult,
  CaptureSourceParams,
  CaptureSourceResult,
  CopySettingsParams,
  CopySettingsResult,
  CreateDatabaseParams,
  CreateDatabaseResult,
  DropRetiredParams,
  DropRetiredResult,
  DumpDatabaseParams,
  DumpDatabaseResult,
  FenceSourceParams,
  FenceSourceResult,
  PublishDatabaseParams,
  PublishDatabaseResult,
  ReinstateSourceParams,
  ReinstateSourceResult,
  RestoreDatabaseParams,
  RestoreDatabaseResult,
  RetireSourceParams,
  RetireSourceResult,
} from './database-steps.js';
import type { DescribePlanParams, DescribePlanResult } from './describe-steps.js';
import type {
  InspectMoveParams,
  InspectMoveResult,
  InspectRetiredParams,
  InspectRetiredResult,
  PreflightTargetParams,
  PreflightTargetResult,
} from './inspection-steps.js';
import type {
  EditConfigParams,
  EditConfigResult,
  ResizeServiceParams,
  ResizeServiceResult,
  SetEnvironmentParams,
  SetEnvironmentResult,
  StartServiceParams,
  StartServiceResult,
  StopServiceParams,
  StopServiceResult,
  WriteSecretFileParams,
  WriteSecretFileResult,
} from './service-steps.js';
import type {
  ApplyMigrationsParams,
  ApplyMigrationsResult,
  CheckHealthParams,
  CheckHealthResult,
  InspectProjectParams,
  InspectProjectResult,
  ProveFakesParams,
  ProveFakesResult,
  ProveRevertsParams,
  RevertMigrationParams,
  RevertMigrationResult,
  RunCommandParams,
  RunCommandResult,
  SwapDatabaseParams,
  SwapDatabaseResult,
  ValidateDatabaseParams,
  ValidateDatabaseResult,
} from './project-steps.js';
import type { ProvisionServerParams, ProvisionServerResult } from './provision-steps.js';
import type { StepKind } from './step-kinds.js';
import type {
  VerifyConnectionsParams,
  VerifyConnectionsResult,
  VerifyCopyParams,
  VerifyCopyResult,
} from './verification-steps.js';

/** The shape of what each kind of step takes and answers. The executor must hold one step per entry. */
export interface StepTypes {
  'inspect-move': { params: InspectMoveParams; result: InspectMoveResult };
  'inspect-retired': { params: InspectRetiredParams; result: InspectRetiredResult };
  'describe-plan': { params: DescribePlanParams; result: DescribePlanResult };
  'provision-server': { params: ProvisionServerParams; result: ProvisionServerResult };
  'preflight-target': { params: PreflightTargetParams; result: PreflightTargetResult };
  'capture-source': { params: CaptureSourceParams; result: CaptureSourceResult };
  'create-database': { params: CreateDatabaseParams; result: CreateDatabaseResult };
  'stop-service': { params: StopServiceParams; result: StopServiceResult };
  'fence-source': { params: FenceSourceParams; result: FenceSourceResult };
  'dump-database': { params: DumpDatabaseParams; result: DumpDatabaseResult };
  'restore-database': { params: RestoreDatabaseParams; result: RestoreDatabaseResult };
  'apply-privileges': { params: ApplyPrivilegesParams; result: ApplyPrivilegesResult };
  'copy-settings': { params: CopySettingsParams; result: CopySettingsResult };
  'verify-copy': { params: VerifyCopyParams; result: VerifyCopyResult };
  'publish-database': { params: PublishDatabaseParams; result: PublishDatabaseResult };
  'edit-config': { params: EditConfigParams; result: EditConfigResult };
  'write-secret-file': { params: WriteSecretFileParams; result: WriteSecretFileResult };
  'set-environment': { params: SetEnvironmentParams; result: SetEnvironmentResult };
  'resize-service': { params: ResizeServiceParams; result: ResizeServiceResult };
  'start-service': { params: StartServiceParams; result: StartServiceResult };
  'verify-connections': { params: VerifyConnectionsParams; result: VerifyConnectionsResult };
  'retire-source': { params: RetireSourceParams; result: RetireSourceResult };
  'reinstate-source': { params: ReinstateSourceParams; result: ReinstateSourceResult };
  'drop-retired': { params: DropRetiredParams; result: DropRetiredResult };
  'inspect-backup': { params: InspectBackupParams; result: InspectBackupResult };
  'back-up-database': { params: BackUpDatabaseParams; result: BackUpDatabaseResult };
  'verify-backup': { params: VerifyBackupParams; result: VerifyBackupResult };
  'promote-backup': { params: PromoteBackupParams; result: PromoteBackupResult };
  'inspect-restore': { params: InspectRestoreParams; result: InspectRestoreResult };
  'restore-backup': { params: RestoreBackupParams; result: RestoreBackupResult };
  'restore-file': { params: RestoreFileParams; result: RestoreFileResult };
  'verify-restore': { params: VerifyRestoreParams; result: VerifyRestoreResult };
  'remove-backups': { params: RemoveBackupsParams; result: RemoveBackupsResult };
  'inspect-project': { params: InspectProjectParams; result: InspectProjectResult };
  'prove-reverts': { params: ProveRevertsParams; result: ValidateDatabaseResult };
  'prove-fakes': { params: ProveFakesParams; result: ProveFakesResult };
  'apply-migrations': { params: ApplyMigrationsParams; result: ApplyMigrationsResult };
  'revert-migration': { params: RevertMigrationParams; result: RevertMigrationResult };
  'swap-database': { params: SwapDatabaseParams; result: SwapDatabaseResult };
  'run-command': { params: RunCommandParams; result: RunCommandResult };
  'validate-database': { params: ValidateDatabaseParams; result: ValidateDatabaseResult };
  'check-health': { params: CheckHealthParams; result: CheckHealthResult };
}

export type ParamsOf<K extends StepKind> = StepTypes[K]['params'];
export type ResultOf<K extends StepKind> = StepTypes[K]['result'];
