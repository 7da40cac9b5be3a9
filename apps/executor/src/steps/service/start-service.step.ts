import type { JsonObject } from '#shared/contracts/json.js';
import type { DatabaseAddress } from '#shared/contracts/registry.js';
import type { VerifyCopyResult } from '#shared/contracts/steps/verification-steps.js';
import { driverOf } from '../../drivers/services/service-drivers.js';
import { isHealthy, startUntilHealthy, stopAndConfirm } from '../../drivers/services/service-waits.js';
import { captureDatabase, fenceDatabase } from '../../postgres/fencing.js';
import { contentDigest, readContent } from '../../postgres/hashing.js';
import { sessionName } from '../../postgres/session-name.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Step, StepContext } from '../../running/step.js';
import { adminAddress, withDatabase } from '../step-session.js';
import { describeControl, isStopped } from './service-description.js';

type Context = StepContext<'start-service'>;

/** Starts the service and waits until it is healthy. Its undo tells whether the target was written to. */
export const startService: Step<'start-service'> = {
  kind: 'start-service',

  // One that already runs may have been started by an attempt of ours that died: it only has to become healthy.
  async probe({ params, tools, signal }) {
    const state = await driverOf(params.service, tools.services).status(signal);
    if (isStopped(state.state)) return { state: 'not-started' };
    if (!isHealthy(state)) return { state: 'partial', detail: `${params.service.name} is "${state.state}"` };
    return { state: 'done', result: { state: state.state, healthyAfterMs: 0 } };
  },

  async run({ params, tools, signal, lease }) {
    const { service } = params;
    await lease.check();
    const timeoutMs = service.startTimeoutMs === undefined ? {} : { timeoutMs: service.startTimeoutMs };
    return startUntilHealthy(driverOf(service, tools.services), { service: service.name, signal, ...timeoutMs });
  },

  async verify({ params, tools, signal }) {
    const state = await driverOf(params.service, tools.services).status(signal);
    if (isHealthy(state)) return;
    throw new RehomeError(
      'SERVICE_NOT_HEALTHY',
      `${params.service.name} was healthy and is "${state.state}" now; read its log`,
    );
  },

  undo: stopAndCompare,

  describe({ service }) {
    return [describeControl(service, 'start'), describeControl(service, 'status')];
  },
};

/** Stops it again, lets nobody into the target any more, and hashes what is there: equal to the verified copy means that nothing was written. */
async function stopAndCompare(context: Context): Promise<JsonObject> {
  const { service, target, verified } = context.params;
  await context.lease.check();
  const timeoutMs = service.stopTimeoutMs === undefined ? {} : { timeoutMs: service.stopTimeoutMs };
  const driver = driverOf(service, context.tools.services);
  const { confirmedState } = await stopAndConfirm(driver, {
    service: service.name,
    signal: context.signal,
    ...timeoutMs,
  });
  if (target === undefined || verified === undefined) return { state: confirmedState };
  await context.lease.check();
  await withDatabase(context, target, async (session) =>
    fenceDatabase(session, await captureDatabase(session), { signal: context.signal }),
  );
  const found = await digestOf(context, target);
  return { state: confirmedState, targetUnchanged: found === verified.contentDigest, ...compared(found, verified) };
}

async function digestOf(context: Context, target: DatabaseAddress): Promise<string> {
  const address = await adminAddress(context, target.server, target.database);
  const content = await readContent(address, {
    applicationName: sessionName(context.run),
    signal: context.signal,
    jobs: 2,
  });
  return contentDigest(content);
}

function compared(found: string, { contentDigest: expected }: VerifyCopyResult): JsonObject {
  return { foundDigest: found, verifiedDigest: expected };
}
