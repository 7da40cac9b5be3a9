import type { EnvironmentKeys, ServiceDefinition } from '#shared/contracts/registry.js';
import type { ConnectionValues } from '#shared/contracts/steps/service-steps.js';
import { fillConnectionTemplate, holdsPassword } from '../../drivers/connection-strings/connection-string.js';
import type { DescriptionLine } from '../../running/step.js';

type Verb = 'stop' | 'start' | 'status' | 'environment' | 'resources';

const HTTP_METHODS: Readonly<Record<Verb, string>> = {
  stop: 'POST',
  start: 'POST',
  status: 'GET',
  environment: 'PUT',
  resources: 'PUT',
};

const DOCKER_CALLS: Readonly<Record<Verb, string>> = {
  stop: 'stop',
  start: 'start',
  status: 'inspect',
  environment: 'set the environment of',
  resources: 'update',
};

/** States in which no process of a service runs. */
export function isStopped(state: string): boolean {
  return state === 'stopped' || state === 'exited';
}

/** The exact call or command of one verb; `body` holds placeholders for secrets. */
export function describeControl({ name, control }: ServiceDefinition, verb: Verb, body?: object): DescriptionLine {
  const payload = body === undefined ? '' : ` ${JSON.stringify(body)}`;
  if (control.driver === 'http') {
    return { tool: 'http', at: name, text: `${HTTP_METHODS[verb]} ${control.url}/${verb}${payload}` };
  }
  if (control.driver === 'docker') {
    const what =
      control.service === undefined ? `container ${control.container ?? name}` : `service ${control.service}`;
    return { tool: 'http', at: name, text: `Docker Engine API: ${DOCKER_CALLS[verb]} ${what}${payload}` };
  }
  const argv = control.commands[verb] ?? [];
  return { tool: 'command', at: name, text: `${argv.join(' ')}${payload === '' ? '' : ` <<${payload}`}` };
}

type Values = Omit<ConnectionValues, 'secretRef'>;
type FillTemplate = typeof fillConnectionTemplate;

const PLAIN_URL = 'postgresql://{user}:{password}@{host}:{port}/{database}';

/**
 * Variables of an environment by the keys that a service names. Without the password those that hold it are left out.
 * @throws RehomeError CONNECTION_STRING_UNUSABLE for a template that is none.
 */
export function environmentOf(
  keys: EnvironmentKeys,
  connection: Values,
  password: string | undefined,
  fill: FillTemplate = fillConnectionTemplate,
): Record<string, string> {
  const { host, port, user, database } = connection;
  const values = { host, port: String(port), user, password, database };
  const fields = ['host', 'port', 'user', 'password', 'database'] as const;
  const named = fields.flatMap((field) => {
    const key = keys[field];
    const value = values[field];
    return key === undefined || value === undefined ? [] : [[key, value] as const];
  });
  const template = keys.urlTemplate ?? PLAIN_URL;
  if (keys.url === undefined || (password === undefined && holdsPassword(template))) return Object.fromEntries(named);
  const url = fill(template, { ...values, password: password ?? '' }, keys.url);
  return Object.fromEntries([...named, [keys.url, url]]);
}

/** For people: a connection string with its placeholders as they are. */
export function describeEnvironment(keys: EnvironmentKeys, connection: Values): Record<string, string> {
  return environmentOf(keys, connection, '$PASSWORD', (template, parts) =>
    template.replace(/\{(user|password|host|port|database)\}/g, (_, part: keyof typeof parts) => parts[part]),
  );
}

/** Whether an environment is given the password, alone or inside a connection string. */
export function environmentHoldsPassword(keys: EnvironmentKeys): boolean {
  return keys.password !== undefined || (keys.url !== undefined && holdsPassword(keys.urlTemplate ?? PLAIN_URL));
}
