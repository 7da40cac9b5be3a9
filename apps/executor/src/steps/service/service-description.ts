import type { ConnectionKeys, ServiceDefinition } from '#shared/contracts/registry.js';
import type { PreviousConnection } from '#shared/contracts/steps/service-steps.js';
import type { DescriptionLine } from '../../running/step.js';

type Verb = 'stop' | 'start' | 'status' | 'environment' | 'resources';

const HTTP_METHODS: Readonly<Record<Verb, string>> = {
  stop: 'POST',
  start: 'POST',
  status: 'GET',
  environment: 'PUT',
  resources: 'PUT',
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
  const argv = control.commands[verb] ?? [];
  return { tool: 'command', at: name, text: `${argv.join(' ')}${payload === '' ? '' : ` <<${payload}`}` };
}

/** Variables of an environment by the keys that a service names; `password` is given resolved, or as a placeholder. */
export function environmentOf(
  keys: ConnectionKeys,
  connection: Omit<PreviousConnection, 'secretRef'>,
  password: string | undefined,
): Record<string, string> {
  const { host, port, user, database } = connection;
  const values: Readonly<Record<keyof ConnectionKeys, string | undefined>> = {
    host,
    port: String(port),
    user,
    password,
    database,
  };
  const fields = ['host', 'port', 'user', 'password', 'database'] as const;
  const named = fields.flatMap((field) => {
    const key = keys[field];
    const value = values[field];
    return key === undefined || value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(named);
}
