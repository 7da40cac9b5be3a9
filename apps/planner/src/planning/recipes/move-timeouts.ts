import type { ServiceDefinition } from '#shared/contracts/registry.js';

const MINUTE_MS = 60_000;

/** One provisioning call may take 600 s (source c); a second try must fit. */
export const PROVISION_TIMEOUT_MS = 25 * MINUTE_MS;
export const SHORT_TIMEOUT_MS = 5 * MINUTE_MS;
export const FENCE_TIMEOUT_MS = 10 * MINUTE_MS;

/** Slowest rate at which a dump, a restore or a comparison is still thought to be alive. */
const SLOWEST_BYTES_PER_MS = 2_000n;

/** Deadline of a step that reads or writes the whole database. */
export function copyTimeoutMs(sizeBytes: string): number {
  return 10 * MINUTE_MS + Number(BigInt(sizeBytes) / SLOWEST_BYTES_PER_MS);
}

/** The step's deadline lies behind the service's own, so that its message says which of them ran out. */
export function stopTimeoutMs(service: ServiceDefinition): number {
  return (service.stopTimeoutMs ?? MINUTE_MS) + MINUTE_MS;
}

export function startTimeoutMs(service: ServiceDefinition): number {
  return (service.startTimeoutMs ?? 2 * MINUTE_MS) + MINUTE_MS;
}
