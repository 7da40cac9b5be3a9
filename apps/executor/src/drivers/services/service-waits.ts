import { setTimeout as delay } from 'node:timers/promises';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { ServiceDriver, ServiceState } from './service-driver.js';

const POLL_MS = 200;
const STOP_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 120_000;

/** Processes of a service in these states have ended. */
const ENDED: ReadonlySet<string> = new Set(['stopped', 'exited']);
/** After a start these states mean that it will not come up by itself. */
const FAILED: ReadonlySet<string> = new Set(['exited', 'crashed', 'failed']);

export interface WaitOptions {
  /** Name of the service, for messages. */
  readonly service: string;
  readonly timeoutMs?: number;
  readonly pollMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Stops the service and waits until it says that it is stopped. One that is stopped already is not asked again.
 * @throws RehomeError SERVICE_NOT_STOPPED when it is not in time; what the driver throws.
 */
export async function stopAndConfirm(
  driver: ServiceDriver,
  options: WaitOptions,
): Promise<{ stateBefore: string; confirmedState: string }> {
  const before = await driver.status(options.signal);
  if (ENDED.has(before.state)) return { stateBefore: before.state, confirmedState: before.state };
  await driver.stop(options.signal);
  const timeoutMs = options.timeoutMs ?? STOP_TIMEOUT_MS;
  const last = await poll(driver, { ...options, timeoutMs }, ({ state }) => ENDED.has(state));
  if (last.reached) return { stateBefore: before.state, confirmedState: last.state.state };
  throw new RehomeError(
    'SERVICE_NOT_STOPPED',
    `${options.service} was asked to stop and ${last.said} after ${String(timeoutMs)} ms; stop it by hand, or raise stopTimeoutMs of its definition`,
  );
}

/**
 * Starts the service and waits until it runs and, where its controller looks, is healthy. Starting one that runs is no
 * restart: whoever changed its configuration stops it first.
 * @throws RehomeError SERVICE_NOT_HEALTHY when it is not in time, or at once when it ended by itself.
 */
export async function startUntilHealthy(
  driver: ServiceDriver,
  options: WaitOptions,
): Promise<{ state: string; healthyAfterMs: number }> {
  const began = performance.now();
  await driver.start(options.signal);
  const timeoutMs = options.timeoutMs ?? START_TIMEOUT_MS;
  let ended = 0;
  const last = await poll(driver, { ...options, timeoutMs }, (now) => {
    // Twice in a row: a controller may need a moment before it shows the new process instead of the last one's end.
    ended = FAILED.has(now.state) ? ended + 1 : 0;
    return isHealthy(now) || ended >= 2;
  });
  if (last.reached && isHealthy(last.state)) {
    return { state: last.state.state, healthyAfterMs: Math.round(performance.now() - began) };
  }
  const after = last.reached ? 'at once' : `after ${String(timeoutMs)} ms`;
  throw new RehomeError(
    'SERVICE_NOT_HEALTHY',
    `${options.service} was started and ${last.said} ${after}; read its log, or raise startTimeoutMs of its definition`,
    last.state?.exitCode === undefined ? {} : { facts: { exitCode: last.state.exitCode } },
  );
}

export function isHealthy({ state, healthy }: ServiceState): boolean {
  return state === 'running' && healthy !== false;
}

type Polled =
  | { readonly reached: true; readonly state: ServiceState; readonly said: string }
  | { readonly reached: false; readonly state?: ServiceState; readonly said: string };

/** A controller that does not answer for a moment is asked again until the deadline; only then is that the reason. */
async function poll(
  driver: ServiceDriver,
  { timeoutMs, pollMs = POLL_MS, signal }: WaitOptions & { readonly timeoutMs: number },
  reached: (state: ServiceState) => boolean,
): Promise<Polled> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await askStatus(driver, signal);
    if (answer.state && reached(answer.state)) return { reached: true, state: answer.state, said: answer.said };
    if (performance.now() >= deadline) return { reached: false, ...answer };
    await delay(Math.min(pollMs, Math.max(1, deadline - performance.now())), undefined, { signal });
  }
}

async function askStatus(driver: ServiceDriver, signal: AbortSignal): Promise<{ state?: ServiceState; said: string }> {
  try {
    const state = await driver.status(signal);
    return { state, said: describe(state) };
  } catch (error) {
    if (!(error instanceof RehomeError) || error.disposition !== 'retry') throw error;
    return { said: `did not say its state (${error.message})` };
  }
}

function describe({ state, healthy, exitCode }: ServiceState): string {
  const health = healthy === false ? ', not healthy' : '';
  const code = exitCode === undefined || state === 'running' ? '' : ` with code ${String(exitCode)}`;
  return `was "${state}"${code}${health}`;
}
