import type { JsonObject } from '#shared/contracts/json.js';
import type { DatabaseAddress } from '#shared/contracts/registry.js';
import type { CaptureSourceResult } from '#shared/contracts/steps/database-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { driverOf } from '../../drivers/services/service-drivers.js';
import { isHealthy, startUntilHealthy, stopAndConfirm } from '../../drivers/services/service-waits.js';
import { applicationSessions, countSessions } from '../../postgres/application-sessions.js';
import { captureDatabase, fenceDatabase, liftFence } from '../../postgres/fencing.js';
import { contentDigest, readContent } from '../../postgres/hashing.js';
import { sessionName } from '../../postgres/session-name.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Step, StepContext } from '../../running/step.js';
import { adminAddress, MAINTENANCE_DATABASE, withAdmin, withDatabase } from '../step-session.js';
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

  async run(context) {
    const { params, tools, signal, lease } = context;
    const { service } = params;
    await lease.check();
    const timeoutMs = service.startTimeoutMs === undefined ? {} : { timeoutMs: service.startTimeoutMs };
    try {
      return await startUntilHealthy(driverOf(service, tools.services), {
        service: service.name,
        signal,
        ...timeoutMs,
      });
    } catch (error) {
      throw (await neverArrived(context, error)) ?? error;
    }
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

/**
 * An application that runs, but reads its connection from elsewhere, knocks at the fenced source for ever: it is not
 * healthy, and no session of its is at the target. That it is not healthy would tell a person nothing of this.
 */
async function neverArrived(context: Context, error: unknown): Promise<RehomeError | undefined> {
  const { target } = context.params;
  const lives =
    error instanceof RehomeError && error.code === 'SERVICE_NOT_HEALTHY' && error.facts?.['exitCode'] === undefined;
  if (!lives || target === undefined) return undefined;
  const states = await withAdmin(context, target.server, MAINTENANCE_DATABASE, (session) =>
    applicationSessions(session, target.database),
  );
  if (countSessions(states) > 0) return undefined;
  return new RehomeError(
    'CONNECTIONS_NOT_MOVED',
    `${error.message}; it never connected to ${target.database} on ${target.server.name}: name the file that it really reads in configFiles of the service`,
    { facts: { new: 0 } },
  );
}

/**
 * Stops it again, lets nobody into the target any more, and hashes what is there: equal to the verified copy means that
 * nothing was written, and the fence stays until the copy is removed. Otherwise the target is the truth by now: it is
 * opened again and the application started on it, so that it is not down while a person decides.
 */
async function stopAndCompare(context: Context): Promise<JsonObject> {
  const { target, verified } = context.params;
  const confirmedState = await stopAgain(context);
  if (target === undefined || verified === undefined) return { state: confirmedState };
  const captured = await fenceTarget(context, target);
  const found = await digestOf(context, target);
  const targetUnchanged = found === verified.contentDigest;
  const state = targetUnchanged ? confirmedState : await reopen(context, target, captured);
  return { state, targetUnchanged, foundDigest: found, verifiedDigest: verified.contentDigest };
}

async function stopAgain({ params, tools, signal, lease }: Context): Promise<string> {
  const { service } = params;
  const timeoutMs = service.stopTimeoutMs === undefined ? {} : { timeoutMs: service.stopTimeoutMs };
  await lease.check();
  const driver = driverOf(service, tools.services);
  return (await stopAndConfirm(driver, { service: service.name, signal, ...timeoutMs })).confirmedState;
}

async function fenceTarget(context: Context, target: DatabaseAddress): Promise<CaptureSourceResult> {
  const { run, tools, signal, lease } = context;
  return withDatabase(context, target, async (session) => {
    // Once: a second attempt would find the fence of the first.
    const kept = await tools.captures.keep(run, async () => asJsonObject(await captureDatabase(session)));
    const captured = parseCaptured(kept);
    await lease.check();
    await fenceDatabase(session, captured, { signal });
    return captured;
  });
}

/** Written by this step only, see above. */
function parseCaptured(kept: JsonObject): CaptureSourceResult {
  return kept as unknown as CaptureSourceResult;
}

async function reopen(context: Context, target: DatabaseAddress, captured: CaptureSourceResult): Promise<string> {
  const { params, tools, signal, lease } = context;
  await lease.check();
  await withDatabase(context, target, (session) => liftFence(session, captured));
  const driver = driverOf(params.service, tools.services);
  await driver.start(signal);
  return (await driver.status(signal)).state;
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
