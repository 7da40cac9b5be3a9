import { VALIDATION_CATEGORIES, type ValidationCategory } from '../projects.js';
import { ProjectField } from './apply.request.js';
import { ChoicesField, ChoiceField, ObjectField, TextField, TextsField } from './fields.js';
import { MigrationOptions } from './migration-options.request.js';

/** Judges the schema and the data of a project's databases. Changes nothing. */
export class ValidateRequest {
  @ChoiceField({ values: ['validate'], description: 'The kind of migration' })
  readonly kind!: 'validate';

  @ProjectField()
  readonly project!: string;

  @TextField({ optional: true, maxLength: 63, description: 'Alias of one database; every one when silent' })
  readonly database?: string;

  @ChoicesField({ optional: true, values: VALIDATION_CATEGORIES, description: 'Only these; all when silent' })
  readonly categories?: readonly ValidationCategory[];

  @ChoiceField({
    optional: true,
    values: [true, false],
    description: 'Also run every version up, down and up again on a scratch database of each server; false when silent',
  })
  readonly upDownUp?: boolean;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}

/** Looks at every database of a project now, not only when its time has come. Changes nothing. */
export class HealthRequest {
  @ChoiceField({ values: ['health'], description: 'The kind of migration' })
  readonly kind!: 'health';

  @ProjectField()
  readonly project!: string;

  @TextsField({ optional: true, maxItems: 100, description: 'Aliases; every database when silent' })
  readonly databases?: readonly string[];

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}
