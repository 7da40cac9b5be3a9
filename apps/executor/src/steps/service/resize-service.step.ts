import type { ServiceResources } from '#shared/contracts/steps/service-steps.js';
import { driverOf } from '../../drivers/services/service-drivers.js';
import type { Step, StepContext } from '../../running/step.js';
import { describeControl } from './service-description.js';

/** Gives the service the cores, memory and storage of its subscription plan. */
export const resizeService: Step<'resize-service'> = {
  kind: 'resize-service',

  // Controllers do not tell the resources; applying the same again is the same.
  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    await apply(context, context.params.resources);
    return { resources: context.params.resources };
  },

  async verify({ params, tools, signal }) {
    await driverOf(params.service, tools.services).status(signal);
  },

  undo: async (context) => {
    const { previous } = context.params;
    // A plan that named no resources left them to the controller: there is nothing to go back to.
    if (Object.keys(previous).length > 0) await apply(context, previous);
    return { resources: { ...previous } };
  },

  describe({ service, resources }) {
    return [describeControl(service, 'resources', resources)];
  },
};

async function apply(
  { params, tools, signal, lease }: StepContext<'resize-service'>,
  resources: ServiceResources,
): Promise<void> {
  await lease.check();
  await driverOf(params.service, tools.services).resize(resources, signal);
}
