import type { JsonObject } from '#shared/contracts/json.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { driverOf } from '../../drivers/services/service-drivers.js';
import { startUntilHealthy, stopAndConfirm } from '../../drivers/services/service-waits.js';
import type { Step, StepContext } from '../../running/step.js';
import { describeControl, isStopped } from './service-description.js';

/** Stops the service and confirms that it is stopped. */
export const stopService: Step<'stop-service'> = {
  kind: 'stop-service',

  async probe({ params, run, tools, signal }) {
    const { state } = await driverOf(params.service, tools.services).status(signal);
    if (!isStopped(state)) return { state: 'not-started' };
    // Only the first look sees the state before us; a later one may see what an earlier attempt stopped.
    const stateBefore = run.attempt === 1 && run.generation === 1 ? state : 'running';
    return { state: 'done', result: { stateBefore, confirmedState: state } };
  },

  async run({ params, tools, signal, lease }) {
    const { service } = params;
    await lease.check();
    const timeoutMs = service.stopTimeoutMs === undefined ? {} : { timeoutMs: service.stopTimeoutMs };
    return stopAndConfirm(driverOf(service, tools.services), { service: service.name, signal, ...timeoutMs });
  },

  async verify({ params, tools, signal }) {
    const { state } = await driverOf(params.service, tools.services).status(signal);
    if (isStopped(state)) return;
    throw new RehomeError('SERVICE_NOT_STOPPED', `${params.service.name} is "${state}" again; what started it?`);
  },

  undo: startAgain,

  describe({ service }) {
    return [describeControl(service, 'stop'), describeControl(service, 'status')];
  },
};

async function startAgain({ params, result, tools, signal, lease }: StepContext<'stop-service'>): Promise<JsonObject> {
  const { service } = params;
  if (result !== undefined && isStopped(result.stateBefore)) return { state: result.stateBefore };
  await lease.check();
  const timeoutMs = service.startTimeoutMs === undefined ? {} : { timeoutMs: service.startTimeoutMs };
  return startUntilHealthy(driverOf(service, tools.services), { service: service.name, signal, ...timeoutMs });
}
