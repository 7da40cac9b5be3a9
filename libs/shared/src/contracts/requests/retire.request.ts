import { ChoiceField, ObjectField } from './fields.js';
import { MigrationIdField } from './migration-id.field.js';
import { MigrationOptions } from './migration-options.request.js';

/** Drops what a finished move put aside, beside a verified backup of it. */
export class RetireRequest {
  @ChoiceField({ values: ['retire'], description: 'The kind of migration' })
  readonly kind!: 'retire';

  @MigrationIdField({ description: 'The completed move that put a database aside' })
  readonly migrationId!: string;

  @MigrationIdField({ description: 'A verified backup of that database' })
  readonly backupId!: string;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}
