import { RehomeError } from '../errors/rehome-error.js';
import type { ServiceDefinition } from './registry.js';

/** What fills the templates of a service definition. */
export interface TemplateValues {
  readonly database: string;
  /** UUID; absent for a database that belongs to no instance. */
  readonly instanceId?: string;
}

/**
 * Makes one tenant's service of a definition that serves every tenant: `{database}` and `{instanceId8}` (the first
 * eight hex digits of the instance's id) in its name, address, commands and paths. Other braces are left alone.
 * @throws RehomeError REQUEST_INVALID when a template needs an instance and there is none, PATH_NOT_ALLOWED when a
 * database name would change the directory of a path.
 */
export function fillService(definition: ServiceDefinition, values: TemplateValues): ServiceDefinition {
  const plain = (template: string): string => fill(template, values, (value) => value);
  return {
    ...definition,
    name: plain(definition.name),
    control: fillControl(definition.control, values),
    configFiles: definition.configFiles.map((file) => ({ ...file, path: fill(file.path, values, asPathPart) })),
    ...(definition.secretFile === undefined
      ? {}
      : { secretFile: { ...definition.secretFile, path: fill(definition.secretFile.path, values, asPathPart) } }),
  };
}

function fillControl(control: ServiceDefinition['control'], values: TemplateValues): ServiceDefinition['control'] {
  if (control.driver === 'http') return { ...control, url: fill(control.url, values, encodeURIComponent) };
  if (control.driver === 'docker') {
    const { container, service } = control;
    const plain = (template: string): string => fill(template, values, (value) => value);
    return {
      driver: 'docker',
      ...(container === undefined ? {} : { container: plain(container) }),
      ...(service === undefined ? {} : { service: plain(service) }),
    };
  }
  const { stop, start, status, environment, resources } = control.commands;
  // No shell reads an argv: a name with spaces or quotes stays one argument.
  const argv = (words: readonly string[]): string[] => words.map((word) => fill(word, values, (value) => value));
  return {
    ...control,
    commands: {
      stop: argv(stop),
      start: argv(start),
      status: argv(status),
      ...(environment === undefined ? {} : { environment: argv(environment) }),
      ...(resources === undefined ? {} : { resources: argv(resources) }),
    },
  };
}

/** In one pass: a database that is called `{instanceId8}` is not filled again. */
function fill(template: string, values: TemplateValues, encode: (value: string) => string): string {
  return template.replace(/\{(database|instanceId8)\}/g, (placeholder) =>
    encode(placeholder === '{database}' ? values.database : instanceId8(template, values.instanceId)),
  );
}

function instanceId8(template: string, instanceId: string | undefined): string {
  if (instanceId === undefined) {
    throw new RehomeError(
      'REQUEST_INVALID',
      `"${template}" needs the id of an instance, and this migration has none; name a service without {instanceId8}`,
    );
  }
  return instanceId.replaceAll('-', '').slice(0, 8).toLowerCase();
}

function asPathPart(value: string): string {
  if (value !== '.' && value !== '..' && !/[/\\\0]/.test(value)) return value;
  throw new RehomeError(
    'PATH_NOT_ALLOWED',
    `the database name ${JSON.stringify(value)} cannot be part of a path; give the service a path without {database}`,
  );
}
