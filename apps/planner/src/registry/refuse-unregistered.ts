import type { ErrorCode } from '#shared/errors/error-codes.js';
import { RequestRefused } from '../http/request-refused.js';
import type { RegistryEntries } from './registry-entries.js';

/** An entry that another one names, and the field that names it. */
export interface NamedEntry {
  readonly noun: 'server' | 'service' | 'entitlements';
  readonly name: string;
  readonly pointer: string;
}

const UNREGISTERED = {
  server: { code: 'SERVER_UNKNOWN', message: (name) => `server "${name}" is not registered` },
  service: { code: 'SERVICE_UNKNOWN', message: (name) => `service "${name}" is not registered` },
  entitlements: { code: 'PLAN_UNKNOWN', message: (name) => `plan "${name}" has no entitlements` },
} as const satisfies Record<NamedEntry['noun'], { code: ErrorCode; message: (name: string) => string }>;

/**
 * What names an entry that nobody registered would never come true; better told now than then.
 *
 * @throws RequestRefused SERVER_UNKNOWN, SERVICE_UNKNOWN or PLAN_UNKNOWN, with every field.
 */
export function refuseUnregistered(named: readonly NamedEntry[], entries: RegistryEntries): void {
  const missing = named.filter(({ noun, name }) => !entries[noun].has(name));
  const [first] = missing;
  if (first === undefined) return;
  const errors = missing.map(({ noun, name, pointer }) => ({ pointer, message: UNREGISTERED[noun].message(name) }));
  throw new RequestRefused(UNREGISTERED[first.noun].code, errors.map(({ message }) => message).join('; '), { errors });
}
