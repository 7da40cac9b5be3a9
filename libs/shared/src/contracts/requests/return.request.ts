import { ChoiceField, ObjectField, SecretRefField } from './fields.js';
import { MigrationIdField } from './migration-id.field.js';
import { MigrationOptions } from './migration-options.request.js';

/** Back to where a finished move came from. */
export class ReturnRequest {
  @ChoiceField({ values: ['return'], description: 'The kind of migration' })
  readonly kind!: 'return';

  @MigrationIdField({ description: 'The completed upgrade or relocation' })
  readonly migrationId!: string;

  @ChoiceField({
    values: ['current', 'discard-since-cutover'],
    description:
      '`current`: the data as it is now moves back. `discard-since-cutover`: the source comes back as it was put aside, and what was written since is left in a backup and in a database put aside',
  })
  readonly data!: 'current' | 'discard-since-cutover';

  @SecretRefField({
    optional: true,
    description: 'Password of the role at the original server, where neither registry nor config file knew it',
  })
  readonly secretRef?: string;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}
