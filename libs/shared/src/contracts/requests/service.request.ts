import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { Equals, ValidateBy, ValidateNested } from 'class-validator';
import type {
  ConfigFileDefinition,
  ConfigFileFormat,
  ConnectionKeys,
  DockerServiceDriver,
  EnvironmentKeys,
  SecretFileDefinition,
  ServiceDefinition,
} from '../registry.js';
import { ChoiceField, IntegerField, ObjectField, ObjectsField, PatternField, TextField, TextsField } from './fields.js';
import { isObject } from './parse.js';

const HOUR_MS = 3_600_000;
/** A key or variable: no blank at its ends, no `=`, no bracket, so that it cannot be a second line or a section. */
const KEY = /^[^\s=[\]#;"'](?:[^=[\]\n\r"']*[^\s=[\]"'])?$/;
const ABSOLUTE_PATH = /^\/(?!(?:.*\/)?\.\.(?:\/|$)).+$/;
const KEY_SHAPE = 'the name of a key, without = [ ] and quotes';

/** Names of the keys or variables that carry the connection; at least one. */
export class ConnectionKeysFields implements ConnectionKeys {
  @PatternField({ optional: true, pattern: KEY, shape: KEY_SHAPE, description: 'Key of the host', example: 'db_host' })
  readonly host?: string;

  @PatternField({ optional: true, pattern: KEY, shape: KEY_SHAPE, description: 'Key of the port', example: 'db_port' })
  readonly port?: string;

  @PatternField({ optional: true, pattern: KEY, shape: KEY_SHAPE, description: 'Key of the user', example: 'db_user' })
  readonly user?: string;

  @PatternField({
    optional: true,
    pattern: KEY,
    shape: KEY_SHAPE,
    description: 'Key of the password',
    example: 'db_password',
  })
  readonly password?: string;

  @PatternField({
    optional: true,
    pattern: KEY,
    shape: KEY_SHAPE,
    description: 'Key of the database name',
    example: 'db_name',
  })
  readonly database?: string;

  @PatternField({
    optional: true,
    pattern: KEY,
    shape: KEY_SHAPE,
    description: 'Key whose value is a connection string of libpq, JDBC or SQLAlchemy; only its parts are replaced',
    example: 'DATABASE_URL',
  })
  readonly url?: string;
}

export class EnvironmentKeysFields extends ConnectionKeysFields implements EnvironmentKeys {
  @PatternField({
    optional: true,
    pattern: /\{host\}/,
    shape: 'a connection string with {host} and, where it names them, {port}, {user}, {password} and {database}',
    description: 'What the variable of `url` is set to; each part is encoded as its place needs it',
    example: 'postgresql+psycopg2://{user}:{password}@{host}:{port}/{database}?sslmode=require',
  })
  readonly urlTemplate?: string;
}

export class ConfigFileFields implements ConfigFileDefinition {
  @PatternField({
    pattern: ABSOLUTE_PATH,
    shape: 'an absolute path without ..',
    description: 'Inside one of the executor’s configured roots; may hold {database} and {instanceId8}',
    example: '/srv/odoo/{instanceId8}/odoo.conf',
  })
  readonly path!: string;

  @ChoiceField({ values: ['ini', 'env', 'properties', 'yaml'], description: 'How the file is written' })
  readonly format!: ConfigFileFormat;

  @TextField({
    optional: true,
    maxLength: 100,
    description:
      'INI section, missing: the keys before the first one; YAML: number of the document from 1, missing: any',
    example: 'options',
  })
  readonly section?: string;

  @ObjectField({ type: () => ConnectionKeysFields, description: 'Which keys are edited; every other byte is kept' })
  readonly keys!: ConnectionKeysFields;
}

export class SecretFileFields implements SecretFileDefinition {
  @PatternField({
    pattern: ABSOLUTE_PATH,
    shape: 'an absolute path without ..',
    description:
      'Holds the password and nothing else; inside one of the executor’s configured roots; may hold templates',
    example: '/srv/odoo/{instanceId8}/db-password',
  })
  readonly path!: string;

  @ChoiceField({
    optional: true,
    values: ['0600', '0640'],
    description: '`0640`: the application reads it by its group, which the file keeps; `0600` when silent',
  })
  readonly mode?: '0600' | '0640';
}

export class HttpControl {
  @ApiProperty({ enum: ['http'] })
  @Equals('http', { message: 'must be http, command or docker' })
  readonly driver!: 'http';

  @ApiProperty({
    description: 'Base address without a trailing slash; may hold {database} and {instanceId8}',
    example: 'http://control.internal:9000/odoo-{instanceId8}',
  })
  @ValidateBy({
    name: 'control-url',
    validator: {
      validate: isControlUrl,
      defaultMessage: () => 'must be an http or https address without user, password, query and trailing slash',
    },
  })
  readonly url!: string;
}

export class CommandVerbs {
  @TextsField({
    maxItems: 64,
    description: 'argv; argv[0] must be allow-listed at the executor',
    example: ['/usr/bin/systemctl', 'stop', 'odoo-{database}'],
  })
  readonly stop!: readonly string[];

  @TextsField({ maxItems: 64, description: 'argv' })
  readonly start!: readonly string[];

  @TextsField({ maxItems: 64, description: 'argv; exit 0 running, 3 stopped, anything else unknown' })
  readonly status!: readonly string[];

  @TextsField({ optional: true, maxItems: 64, description: 'argv; gets NAME=VALUE lines on standard input' })
  readonly environment?: readonly string[];

  @TextsField({ optional: true, maxItems: 64, description: 'argv; gets {"cpu","memory","storage"} on standard input' })
  readonly resources?: readonly string[];
}

export class CommandControl {
  @ApiProperty({ enum: ['command'] })
  @Equals('command', { message: 'must be http, command or docker' })
  readonly driver!: 'command';

  @ObjectField({ type: () => CommandVerbs, description: 'argv of each verb; no shell' })
  readonly commands!: CommandVerbs;
}

/** A name as engines allow them, with templates. */
const ENGINE_NAME = /^[A-Za-z0-9{][A-Za-z0-9_.{}-]*$/;
const ENGINE_NAME_SHAPE = 'a name of letters, digits, _, . and -, with templates';

export class DockerControl implements DockerServiceDriver {
  @ApiProperty({ enum: ['docker'] })
  @Equals('docker', { message: 'must be http, command or docker' })
  @ValidateBy({
    name: 'container-or-service',
    validator: {
      validate: (_, args) => namesOne(args?.object),
      defaultMessage: () => 'docker needs either container or service',
    },
  })
  readonly driver!: 'docker';

  @PatternField({
    optional: true,
    pattern: ENGINE_NAME,
    shape: ENGINE_NAME_SHAPE,
    description: 'Container of the engine in REHOME_DOCKER_HOST; this or service',
    example: 'odoo-{instanceId8}',
  })
  readonly container?: string;

  @PatternField({
    optional: true,
    pattern: ENGINE_NAME,
    shape: ENGINE_NAME_SHAPE,
    description: 'Replicated service of a swarm',
  })
  readonly service?: string;
}

function namesOne(control: unknown): boolean {
  if (!isObject(control)) return false;
  return (control['container'] === undefined) !== (control['service'] === undefined);
}

/** Body of PUT /v1/services/{name}. */
@ApiExtraModels(HttpControl, CommandControl, DockerControl)
export class PutService implements Omit<ServiceDefinition, 'name'> {
  @TextField({
    optional: true,
    maxLength: 200,
    description: 'May repeat the name of the path',
    example: 'odoo-{instanceId8}',
  })
  readonly name?: string;

  @ApiProperty({
    description: 'How the service is stopped and started',
    oneOf: [
      { $ref: getSchemaPath(HttpControl) },
      { $ref: getSchemaPath(CommandControl) },
      { $ref: getSchemaPath(DockerControl) },
    ],
    discriminator: {
      propertyName: 'driver',
      mapping: {
        http: getSchemaPath(HttpControl),
        command: getSchemaPath(CommandControl),
        docker: getSchemaPath(DockerControl),
      },
    },
  })
  @ValidateBy({
    name: 'control',
    validator: { validate: isObject, defaultMessage: () => 'must be an object with driver http, command or docker' },
  })
  @ValidateNested()
  @Type((options) => controlClass(options?.object))
  readonly control!: HttpControl | CommandControl;

  @ObjectsField({
    type: () => ConfigFileFields,
    maxItems: 16,
    description: 'Files that the application reads its connection from; may be empty',
  })
  readonly configFiles!: readonly ConfigFileFields[];

  @ObjectField({
    optional: true,
    type: () => SecretFileFields,
    description: 'A file of its own for the password',
  })
  readonly secretFile?: SecretFileFields;

  @ObjectField({
    optional: true,
    type: () => EnvironmentKeysFields,
    description: 'Variables set beside the files; many applications ignore them',
  })
  readonly environment?: EnvironmentKeysFields;

  @IntegerField({
    optional: true,
    minimum: 100,
    maximum: HOUR_MS,
    description: 'Longest wait for the stop; 60 000 ms when silent',
  })
  readonly stopTimeoutMs?: number;

  @IntegerField({
    optional: true,
    minimum: 100,
    maximum: HOUR_MS,
    description: 'Longest wait for start until healthy; 120 000 ms when silent',
  })
  readonly startTimeoutMs?: number;

  @TextField({ optional: true, maxLength: 63, description: 'Only executors of this site run its steps' })
  readonly site?: string;
}

type ControlClass = typeof HttpControl | typeof CommandControl | typeof DockerControl;

function controlClass(service: unknown): ControlClass {
  const control = isObject(service) ? service['control'] : undefined;
  const driver = isObject(control) ? control['driver'] : undefined;
  if (driver === 'command') return CommandControl;
  return driver === 'docker' ? DockerControl : HttpControl;
}

function isControlUrl(value: unknown): boolean {
  if (typeof value !== 'string' || value.endsWith('/') || /[\s?#]/.test(value)) return false;
  const sample = value.replaceAll(/\{[A-Za-z0-9]+\}/g, 'x');
  if (!URL.canParse(sample)) return false;
  const url = new URL(sample);
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
}
