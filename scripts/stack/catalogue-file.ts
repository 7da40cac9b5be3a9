import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { EntitlementsDefinition, ServerDefinition, ServiceDefinition } from '#shared/contracts/registry.js';

/** What the stack knows before anybody asks; clients add their own over REST. */
export interface Catalogue {
  readonly servers: readonly ServerDefinition[];
  readonly entitlements: readonly EntitlementsDefinition[];
  readonly services: readonly ServiceDefinition[];
}

/** Subscription plans of the development stack; `premium` is the one that moves. */
export const SAMPLE_ENTITLEMENTS: readonly EntitlementsDefinition[] = [
  { plan: 'basic', cpu: 1, memory: '1Gi', storage: '10Gi' },
  { plan: 'standard', dbType: 'shared', cpu: 2, memory: '2Gi', storage: '20Gi' },
  { plan: 'premium', dbType: 'dedicated', cpu: 4, memory: '4Gi', storage: '50Gi' },
];

export function writeCatalogue(path: string, catalogue: Catalogue): void {
  writeFileSync(path, stringify(catalogue), { mode: 0o600 });
}
