import { BACKUP_TIERS, type BackupTier } from '../backups.js';
import { BackedUpDatabase, BackupIdField } from './backup.request.js';
import { ChoiceField, IdentifierField, ObjectField, SecretRefField, TextField, TextsField } from './fields.js';
import { MigrationOptions } from './migration-options.request.js';

/** The newest backup that fits and is not damaged; found when the request is inspected, and pinned in its plan. */
export class LatestBackup {
  @ChoiceField({ optional: true, values: BACKUP_TIERS, description: 'Of this tier; of any when silent' })
  readonly tier?: BackupTier;

  @TextField({ optional: true, maxLength: 100, description: 'Under this label' })
  readonly label?: string;

  @TextField({ optional: true, maxLength: 100, description: 'Of a database of this server', example: 'main' })
  readonly server?: string;

  @IdentifierField({
    optional: true,
    description: 'Of this database. May be left out when all that fit are of one',
    example: 'core_db',
  })
  readonly database?: string;
}

/** Where a restore goes: a database that does not exist yet. */
export class RestoreTarget extends BackedUpDatabase {
  @IdentifierField({
    optional: true,
    description: 'Who shall own it; the owner it had when silent',
    example: 'core_user',
  })
  readonly owner?: string;

  @SecretRefField({
    optional: true,
    description: 'Password of the owner when the role has to be created; when silent nobody knows it',
  })
  readonly secretRef?: string;
}

/** A backup becomes a database again, and is compared with what was backed up before it gets its name. */
export class RestoreRequest {
  @ChoiceField({ values: ['restore'], description: 'The kind of migration' })
  readonly kind!: 'restore';

  @BackupIdField({ optional: true, description: 'This backup. Exactly one of this, `latest` and `file`' })
  readonly backupId?: string;

  @ObjectField({ optional: true, type: () => LatestBackup, description: 'The newest backup of a kind' })
  readonly latest?: LatestBackup;

  @TextField({
    optional: true,
    maxLength: 4000,
    description:
      'A dump that Rehome did not make, at the executor, below its `REHOME_BACKUP_ROOTS`: plain SQL, custom, directory or tar, also gzipped. `target.owner` must be given',
    example: '/srv/dumps/core_db.dump',
  })
  readonly file?: string;

  @TextsField({
    optional: true,
    maxItems: 100,
    description: 'Only these schemas; they must need no others. All that the backup holds when silent',
  })
  readonly schemas?: readonly string[];

  @ObjectField({ type: () => RestoreTarget, description: 'The database that is made' })
  readonly target!: RestoreTarget;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}
