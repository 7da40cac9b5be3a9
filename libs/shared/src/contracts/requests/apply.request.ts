import { ChoiceField, LabelsField, ObjectField, ObjectsField, PatternField, TextField, TextsField } from './fields.js';
import { MigrationOptions } from './migration-options.request.js';

const PROJECT = /^[a-z][a-z0-9-]{0,62}$/;

/** Name under which a project was pushed. */
export function ProjectField(): PropertyDecorator {
  return PatternField({
    description: 'The project, as it was pushed',
    pattern: PROJECT,
    shape: 'a project: lower-case letters, digits and hyphens, a letter first, at most 63',
    example: 'epsm',
  });
}

/** One database of a project, and how far it is migrated. */
export class AppliedDatabase {
  @TextField({ description: 'Alias of the database in project.yaml', maxLength: 63, example: 'results' })
  readonly alias!: string;

  @TextsField({ optional: true, maxItems: 200, description: 'Only migrations of these apps; of all when silent' })
  readonly apps?: readonly string[];

  @TextField({ optional: true, description: 'Version or app/version up to which it is migrated; `to` when silent' })
  readonly to?: string;

  @TextField({
    optional: true,
    description: 'Recorded as applied up to this version, which what stands there must prove',
    example: '0003',
  })
  readonly fakeTo?: string;

  @ChoiceField({
    optional: true,
    values: [true, false],
    description: 'Record the first migration of an app where all that it makes stands there already, and equals it',
  })
  readonly fakeInitial?: boolean;
}

/** Versioned migrations, over one or many databases by the project's router. */
export class ApplyRequest {
  @ChoiceField({ values: ['apply'], description: 'The kind of migration' })
  readonly kind!: 'apply';

  @ProjectField()
  readonly project!: string;

  @TextField({ optional: true, description: '`latest` when silent, a version, or app/version', example: 'latest' })
  readonly to?: string;

  @ObjectsField({
    optional: true,
    type: () => AppliedDatabase,
    maxItems: 100,
    description: 'All that the router names must stand here or under `leaveOut`; every database when silent',
  })
  readonly databases?: readonly AppliedDatabase[];

  @LabelsField({
    optional: true,
    maxItems: 100,
    description: 'Databases that are left as they are, by alias, each with the reason: none is forgotten',
  })
  readonly leaveOut?: Readonly<Record<string, string>>;

  @ChoiceField({ optional: true, values: [true, false], description: 'Back up before; true when silent' })
  readonly backup?: boolean;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}
