import { ApiProperty } from '@nestjs/swagger';
import { BACKUP_STATUSES, BACKUP_TIERS, type BackupProof, type BackupStatus } from '#shared/contracts/backups.js';
import type { BackupEntry } from './backup-list.js';

/** One backup of the catalogue. */
export class BackupView implements BackupEntry {
  @ApiProperty({ format: 'uuid' })
  readonly backupId!: string;

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true, description: 'The migration that made it' })
  readonly migrationId!: string | null;

  @ApiProperty({ example: 'manual' })
  readonly label!: string;

  @ApiProperty({
    type: 'string',
    enum: BACKUP_TIERS,
    nullable: true,
    description: 'How long it is kept; null for the backup that a move made on its way, which has a time',
  })
  readonly tier!: string | null;

  @ApiProperty({ example: 'main' })
  readonly server!: string;

  @ApiProperty({ example: 'core_db' })
  readonly database!: string;

  @ApiProperty({ type: 'string', isArray: true, nullable: true, description: 'Null for the whole database' })
  readonly schemas!: readonly string[] | null;

  @ApiProperty({ type: 'string', nullable: true, description: 'Site of the executors that hold its files' })
  readonly site!: string | null;

  @ApiProperty({ description: 'Its directory there' })
  readonly path!: string;

  @ApiProperty({ type: 'string', nullable: true, example: 'gzip' })
  readonly compression!: string | null;

  @ApiProperty({ description: 'Of all files together, decimal' })
  readonly bytes!: string;

  @ApiProperty({ description: 'SHA-256 of its manifest, which holds size and SHA-256 of each file' })
  readonly manifestHash!: string;

  @ApiProperty({
    enum: BACKUP_STATUSES,
    description: '`verified`: a restore agreed with what was backed up; `damaged`: a check of its files failed',
  })
  readonly status!: BackupStatus;

  @ApiProperty({ type: 'string', nullable: true, description: 'What that check found' })
  readonly damage!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'Digests of that restore' })
  readonly proof!: BackupProof | null;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  readonly verifiedAt!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'Removed after this time' })
  readonly expiresAt!: string | null;
}

export class BackupPage {
  @ApiProperty({ type: BackupView, isArray: true })
  readonly items!: readonly BackupView[];

  @ApiProperty({ type: 'string', nullable: true, description: '`after` of the next page; null on the last one' })
  readonly next!: string | null;
}
