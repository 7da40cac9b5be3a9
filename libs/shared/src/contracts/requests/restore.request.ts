import { ApiExtraModels, getSchemaPath } from '@nestjs/swagger';
import { BACKUP_TIERS, type BackupTier } from '../backups.js';
import { BackedUpDatabase, BackupIdField } from './backup.request.js';
import { ChoiceField, IdentifierField, ObjectField, SecretRefField, TextField, TextsField } from './fields.js';
import { MigrationOptions } from './migration-options.request.js';
import { isObject } from './parse.js';

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
    description: 'Of this database; of any when silent',
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

const FILE_DESCRIPTION =
  'A dump that Rehome did not make, at the executor, below its `REHOME_BACKUP_ROOTS`: plain SQL, custom, directory or tar, also gzipped';

/** What may stand in the place of a backup's id. */
const WAYS = ['latest', 'file'] as const;
const WAY_SCHEMAS = [
  { type: 'object', required: ['latest'], properties: { latest: { $ref: getSchemaPath(LatestBackup) } } },
  { type: 'object', required: ['file'], properties: { file: { type: 'string', description: FILE_DESCRIPTION } } },
];

/** A backup becomes a database again, and is compared with what was backed up before it gets its name. */
@ApiExtraModels(LatestBackup)
export class RestoreRequest {
  @ChoiceField({ values: ['restore'], description: 'The kind of migration' })
  readonly kind!: 'restore';

  @BackupIdField({
    optional: true,
    description: 'This backup, or in its place `{"latest": {…}}`, the newest of a kind, or `{"file": "…"}`',
    shape: 'a UUID, {"latest": {…}} or {"file": "…"}',
    orWritten: WAY_SCHEMAS,
  })
  readonly backupId?: string;

  @ObjectField({
    optional: true,
    type: () => LatestBackup,
    description: 'The same as `backupId.latest`, which becomes this. Exactly one of `backupId`, `latest` and `file`',
  })
  readonly latest?: LatestBackup;

  @TextField({
    optional: true,
    maxLength: 4000,
    description: `The same as \`backupId.file\`. ${FILE_DESCRIPTION}`,
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

/**
 * The body with `latest` or `file` in a field of its own when it stood in the place of the id. Anything else that is no id
 * stays where it is, to be refused there.
 */
export function unfoldBackupId(body: unknown): unknown {
  if (!isObject(body) || !isObject(body['backupId'])) return body;
  const { backupId, ...rest } = body;
  const way = WAYS.find((name) => Object.hasOwn(backupId, name));
  if (way === undefined || Object.keys(backupId).length > 1 || way in rest) return body;
  return { ...rest, [way]: backupId[way] };
}
