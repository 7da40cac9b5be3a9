import { BACKUP_TIERS, type BackupTier } from '../backups.js';
import { ProjectField } from './apply.request.js';
import { ChoiceField, ObjectField, TextField } from './fields.js';
import { MigrationOptions } from './migration-options.request.js';

/** The newest backup of the database that is to be taken back. */
export class EmergencyBackup {
  @ChoiceField({ optional: true, values: BACKUP_TIERS, description: 'Of this tier; of any when silent' })
  readonly tier?: BackupTier;

  @TextField({ optional: true, maxLength: 100, description: 'Under this label' })
  readonly label?: string;
}

export class EmergencyRestore {
  @ObjectField({ type: () => EmergencyBackup, description: 'Which backup' })
  readonly latest!: EmergencyBackup;
}

/** When there is no down script, or none that works. */
export class Emergency {
  @ObjectField({
    optional: true,
    type: () => EmergencyRestore,
    description: 'The database as a backup shows it. Exactly one of this and `script`',
  })
  readonly restore?: EmergencyRestore;

  @TextField({
    optional: true,
    maxLength: 500,
    description: 'A script of the project, run in place of the down script',
    example: 'rollback/emergency_v006.sql',
  })
  readonly script?: string;
}

/** Takes one version back, after a safety backup. */
export class RevertRequest {
  @ChoiceField({ values: ['revert'], description: 'The kind of migration' })
  readonly kind!: 'revert';

  @ProjectField()
  readonly project!: string;

  @TextField({ description: 'Alias of the database in project.yaml', maxLength: 63, example: 'main' })
  readonly database!: string;

  @TextField({
    description: 'Version, version_name, or with its app: app/version',
    example: 'v006_add_monitoring_tables',
  })
  readonly version!: string;

  @ObjectField({ optional: true, type: () => Emergency, description: 'Instead of the down script' })
  readonly emergency?: Emergency;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}
