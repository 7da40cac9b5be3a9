import type { JsonObject } from '#shared/contracts/json.js';
import type { ServiceDefinition } from '#shared/contracts/registry.js';
import type { ConnectionValues } from '#shared/contracts/steps/service-steps.js';
import { driverOf } from '../../drivers/services/service-drivers.js';
import type { Step, StepContext } from '../../running/step.js';
import {
  describeControl,
  describeEnvironment,
  environmentHoldsPassword,
  environmentOf,
} from './service-description.js';

/** Sets the variables that name the database, for consistency: many applications read only their file (source c). */
export const setEnvironment: Step<'set-environment'> = {
  kind: 'set-environment',

  // Controllers do not tell the environment; setting the same variables again is the same.
  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { service, connection } = context.params;
    return { variables: await apply(context, service, connection) };
  },

  async verify({ params, tools, signal }) {
    await driverOf(params.service, tools.services).status(signal);
  },

  undo: async (context): Promise<JsonObject> => {
    const { service, previous } = context.params;
    return { variables: await apply(context, service, previous) };
  },

  describe({ service, connection }) {
    const variables = describeEnvironment(service.environment ?? {}, connection);
    return [describeControl(service, 'environment', variables)];
  },
};

async function apply(
  { tools, signal, lease }: StepContext<'set-environment'>,
  service: ServiceDefinition,
  connection: ConnectionValues,
): Promise<string[]> {
  const keys = service.environment ?? {};
  const needed = environmentHoldsPassword(keys) && connection.secretRef !== undefined;
  const password = needed ? await tools.secrets.resolve(connection.secretRef) : undefined;
  const variables = environmentOf(keys, connection, password);
  await lease.check();
  await driverOf(service, tools.services).setEnvironment(variables, signal);
  return Object.keys(variables);
}
