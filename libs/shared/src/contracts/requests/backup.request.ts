import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { BACKUP_TIERS, type BackupTier } from '../backups.js';
import { COMPRESSIONS, type Compression } from '../steps/backup-steps.js';
import {
  ChoiceField,
  IdentifierField,
  IntegerField,
  ObjectField,
  PatternField,
  TextField,
  TextsField,
} from './fields.js';
import { MigrationOptions } from './migration-options.request.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Id of a backup, as its migration's result and GET /v1/backups tell it; capitals are the same. */
export function BackupIdField(options: {
  readonly optional?: boolean;
  readonly description: string;
  readonly shape?: string;
  readonly orWritten?: readonly object[];
}): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value)),
    PatternField({ shape: 'a UUID', example: '7d9f0a52-1111-4222-8333-444455556667', ...options, pattern: UUID }),
  );
}

/** A database of a registered server. */
export class BackedUpDatabase {
  @TextField({ description: 'Server, as registered under /v1/servers', example: 'main' })
  readonly server!: string;

  @IdentifierField({ description: 'Name of the database', example: 'core_db' })
  readonly database!: string;
}

/** A database is backed up while it is used, and the backup proved by a restore beside it. */
export class BackupRequest {
  @ChoiceField({ values: ['backup'], description: 'The kind of migration' })
  readonly kind!: 'backup';

  @ObjectField({ type: () => BackedUpDatabase, description: 'What is backed up' })
  readonly database!: BackedUpDatabase;

  @TextField({ optional: true, maxLength: 100, description: 'What people call it; the tier when silent' })
  readonly label?: string;

  @ChoiceField({ optional: true, values: BACKUP_TIERS, description: 'How long it is kept; `manual` when silent' })
  readonly tier?: BackupTier;

  @TextsField({
    optional: true,
    maxItems: 100,
    description: 'Only these schemas; they must need no others. The whole database when silent',
  })
  readonly schemas?: readonly string[];

  @ChoiceField({
    optional: true,
    values: COMPRESSIONS,
    description: '`gzip` when silent, and with a warning where the tools cannot pack by `zstd` or `lz4`',
  })
  readonly compress?: Compression;

  @ChoiceField({
    optional: true,
    values: [true, false],
    description: '`false`: not restored into a scratch database; stays `recorded` until it is verified',
  })
  readonly verify?: boolean;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}

/** A backup is checked and restored into a scratch database beside its source. */
export class VerifyBackupRequest {
  @ChoiceField({ values: ['verify-backup'], description: 'The kind of migration' })
  readonly kind!: 'verify-backup';

  @BackupIdField({ description: 'The backup' })
  readonly backupId!: string;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}

/** A backup gets another tier, and is kept as long as that says. */
export class PromoteBackupRequest {
  @ChoiceField({ values: ['promote-backup'], description: 'The kind of migration' })
  readonly kind!: 'promote-backup';

  @BackupIdField({ description: 'The backup' })
  readonly backupId!: string;

  @ChoiceField({ values: BACKUP_TIERS, description: 'Its tier from now on' })
  readonly tier!: BackupTier;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}

/** How many of each tier stay, per database. */
export class KeptBackups implements Readonly<Partial<Record<BackupTier, number>>> {
  @IntegerField({
    optional: true,
    minimum: 0,
    maximum: 10_000,
    description: 'Of tier `manual`; as configured when silent',
  })
  readonly manual?: number;

  @IntegerField({
    optional: true,
    minimum: 0,
    maximum: 10_000,
    description: 'Of tier `daily`; as configured when silent',
  })
  readonly daily?: number;

  @IntegerField({
    optional: true,
    minimum: 0,
    maximum: 10_000,
    description: 'Of tier `weekly`; as configured when silent',
  })
  readonly weekly?: number;

  @IntegerField({
    optional: true,
    minimum: 0,
    maximum: 10_000,
    description: 'Of tier `monthly`; as configured when silent',
  })
  readonly monthly?: number;
}

/** Backups that no tier keeps any longer are removed; never the last verified one of a database. */
export class CleanUpBackupsRequest {
  @ChoiceField({ values: ['clean-up-backups'], description: 'The kind of migration' })
  readonly kind!: 'clean-up-backups';

  @ChoiceField({ optional: true, values: BACKUP_TIERS, description: 'Only of this tier' })
  readonly tier?: BackupTier;

  @TextField({ optional: true, maxLength: 100, description: 'Only of databases of this server', example: 'main' })
  readonly server?: string;

  @IdentifierField({ optional: true, description: 'Only of databases of this name', example: 'core_db' })
  readonly database?: string;

  @ObjectField({ optional: true, type: () => KeptBackups, description: 'How many stay' })
  readonly keep?: KeptBackups;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}
