import { ChoiceField, IdentifierField, ObjectField, SecretRefField, TextField } from './fields.js';
import { MigrationOptions } from './migration-options.request.js';

/** A database of a registered server. */
export class DatabaseField {
  @TextField({ description: 'Server, as registered under /v1/servers', example: 'pool-2' })
  readonly server!: string;

  @IdentifierField({ description: 'Name of the database', example: 'odoo_acme' })
  readonly database!: string;
}

/** Where a relocation goes. */
export class RelocateTarget extends DatabaseField {
  @IdentifierField({
    optional: true,
    description: 'Role of the application there; called as at the source when silent',
    example: 'acme',
  })
  readonly owner?: string;

  @SecretRefField({
    optional: true,
    description: 'Password of that role. When silent the one of the instance, else the role keeps its password',
  })
  readonly secretRef?: string;
}

/** One database to another server, also of a newer major version. */
export class RelocateRequest {
  @ChoiceField({ values: ['relocate'], description: 'The kind of migration' })
  readonly kind!: 'relocate';

  @ObjectField({ type: () => DatabaseField, description: 'The database that moves' })
  readonly source!: DatabaseField;

  @ObjectField({ type: () => RelocateTarget, description: 'Where it is to live' })
  readonly target!: RelocateTarget;

  @TextField({
    optional: true,
    description:
      'Service that uses it, as registered under /v1/services. When silent the one of the instance, else none',
    example: 'odoo-acme',
  })
  readonly service?: string;

  @ChoiceField({
    optional: true,
    values: ['offline'],
    description: 'The service is stopped while the database is copied',
  })
  readonly mode?: 'offline';

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}
