import { Transform } from 'class-transformer';
import type { EntitlementsDefinition, InstanceDefinition, ServerDefinition } from '../registry.js';
import {
  AmountField,
  ChoiceField,
  ChoicesField,
  IdentifierField,
  IntegerField,
  ObjectField,
  PatternField,
  SecretRefField,
  TextField,
  TextsField,
} from './fields.js';
import { MIGRATION_REQUESTS } from './migration.request.js';
import { INSTANCE_ID, normalInstanceId } from './upgrade.request.js';

const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$/;
const QUANTITY = /^\d+(?:\.\d+)?\s?(?:[kKMGTP]i?)?B?$/;
const QUANTITY_SHAPE = 'an amount with unit, such as 512Mi, 4Gi or 20G';

/** A misspelt kind would make a policy protect nothing and a right allow nothing. */
const KINDS = Object.keys(MIGRATION_REQUESTS);

/** Body of PUT /v1/servers/{name}. */
export class PutServer implements Omit<ServerDefinition, 'name'> {
  @TextField({ optional: true, maxLength: 100, description: 'May repeat the name of the path', example: 'pool-2' })
  readonly name?: string;

  @PatternField({
    pattern: HOST,
    shape: 'a host name or address, without scheme and port',
    description: 'DNS name or address that executors reach',
    example: 'pool-2.internal',
  })
  readonly host!: string;

  @IntegerField({ minimum: 1, maximum: 65_535, description: 'TCP port', example: 5432 })
  readonly port!: number;

  @IdentifierField({
    description: 'The administrator: superuser, or CREATEDB, CREATEROLE and pg_signal_backend',
    example: 'postgres',
  })
  readonly adminUser!: string;

  @SecretRefField({ description: 'Where the executor finds the administrator’s password' })
  readonly adminSecretRef!: string;

  @TextField({
    optional: true,
    maxLength: 63,
    description: 'Only executors of this site run steps that need the server’s files',
  })
  readonly site?: string;

  @IntegerField({
    optional: true,
    minimum: 1,
    maximum: 64,
    description: 'How many steps may work on this server at once; 4 when silent',
  })
  readonly maxConcurrentSteps?: number;
}

/** Body of PUT /v1/entitlements/{plan}. */
export class PutEntitlements implements Omit<EntitlementsDefinition, 'plan'> {
  @TextField({ optional: true, maxLength: 100, description: 'May repeat the plan of the path', example: 'premium' })
  readonly plan?: string;

  @ChoiceField({ optional: true, values: ['shared', 'dedicated'], description: 'Missing means shared' })
  readonly dbType?: 'shared' | 'dedicated';

  @AmountField({ optional: true, maximum: 4096, description: 'Cores', example: 2 })
  readonly cpu?: number;

  @PatternField({
    optional: true,
    pattern: QUANTITY,
    shape: QUANTITY_SHAPE,
    description: 'Memory, as the service’s driver takes it',
    example: '4Gi',
  })
  readonly memory?: string;

  @PatternField({
    optional: true,
    pattern: QUANTITY,
    shape: QUANTITY_SHAPE,
    description: 'Storage, as the service’s driver takes it',
    example: '50Gi',
  })
  readonly storage?: string;
}

/** Body of PUT /v1/instances/{id}. */
export class PutInstance implements Omit<InstanceDefinition, 'instanceId' | 'dbType'> {
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? normalInstanceId(value) : value))
  @PatternField({
    optional: true,
    pattern: INSTANCE_ID,
    shape: 'an instance id',
    description: 'May repeat the id of the path',
  })
  readonly instanceId?: string;

  @TextField({
    maxLength: 100,
    description: 'Subscription plan, as registered under /v1/entitlements',
    example: 'basic',
  })
  readonly plan!: string;

  @TextField({
    maxLength: 100,
    description: 'Server that holds the database, as registered under /v1/servers',
    example: 'pool-2',
  })
  readonly server!: string;

  @IdentifierField({ description: 'Name of the database', example: 'odoo_acme' })
  readonly database!: string;

  @IdentifierField({ description: 'Role the application logs in as; owns the database', example: 'acme' })
  readonly owner!: string;

  @TextField({
    maxLength: 200,
    description: 'Service of the tenant, as registered under /v1/services',
    example: 'odoo-{instanceId8}',
  })
  readonly service!: string;

  @ChoiceField({ optional: true, values: ['shared', 'dedicated'], description: 'Missing means shared' })
  readonly dbType?: 'shared' | 'dedicated';

  @SecretRefField({
    optional: true,
    description: 'The application role’s password, for consumers that ask; moves with the tenant',
  })
  readonly secretRef?: string;
}

/** Body of PUT /v1/sources/{name}: what a publisher may ask for. */
export class PutSource {
  @TextField({ optional: true, maxLength: 200, description: 'May repeat the source of the path', example: '/billing' })
  readonly source?: string;

  @ChoicesField({
    values: ['*', ...KINDS],
    minItems: 0,
    description: 'Kinds of request it may publish; `*` for all, none to take every right back',
    example: ['upgrade'],
  })
  readonly kinds!: readonly string[];
}

/** Which plans a policy is about; without any list, every plan. */
export class PolicyMatch {
  @ChoicesField({ optional: true, values: KINDS, description: 'Kinds of request', example: ['upgrade'] })
  readonly kinds?: readonly string[];

  @TextsField({
    optional: true,
    maxItems: 256,
    description: 'Servers of the tenants, databases and backups that the plan is about',
    example: ['pool-2'],
  })
  readonly servers?: readonly string[];

  @TextsField({ optional: true, maxItems: 64, description: 'Plans that an upgrade leads to', example: ['premium'] })
  readonly plans?: readonly string[];
}

/** Body of PUT /v1/policies/{name}. */
export class PutPolicy {
  @TextField({ optional: true, maxLength: 200, description: 'May repeat the name of the path', example: 'production' })
  readonly name?: string;

  @ObjectField({ type: () => PolicyMatch, description: 'Which plans it is about; `{}` for every plan' })
  readonly match!: PolicyMatch;

  @ChoiceField({
    values: ['required', 'none'],
    description: '`required`: the plans wait for POST …/approve; `none` takes the policy back',
  })
  readonly approval!: 'required' | 'none';

  @ChoiceField({
    optional: true,
    values: [true, false],
    description: 'The approver must be another than who asked',
  })
  readonly fourEyes?: boolean;
}
