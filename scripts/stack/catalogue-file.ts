import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type {
  EntitlementsDefinition,
  InstanceDefinition,
  ServerDefinition,
  ServiceDefinition,
  SourceDefinition,
} from '#shared/contracts/registry.js';

type Named<Definition, Name extends keyof Definition> = Readonly<Record<string, Omit<Definition, Name>>>;

/** What the stack knows before anybody asks, by name; clients add their own over REST. */
export interface Catalogue {
  readonly servers: Named<ServerDefinition, 'name'>;
  readonly entitlements: Named<EntitlementsDefinition, 'plan'>;
  readonly services: Named<ServiceDefinition, 'name'>;
  readonly sources: Named<SourceDefinition, 'source'>;
  readonly instances?: Named<InstanceDefinition, 'instanceId'>;
}

/** Subscription plans of the development stack; `premium` is the one that moves. */
export const SAMPLE_ENTITLEMENTS: Catalogue['entitlements'] = {
  basic: { cpu: 1, memory: '1Gi', storage: '10Gi' },
  standard: { dbType: 'shared', cpu: 2, memory: '2Gi', storage: '20Gi' },
  premium: { dbType: 'dedicated', cpu: 4, memory: '4Gi', storage: '50Gi' },
};

/** A stack is for development: whoever reaches its Kafka may ask for everything. */
export const EVERY_SOURCE: Catalogue['sources'] = { '*': { kinds: ['*'] } };

export function writeCatalogue(path: string, catalogue: Catalogue): void {
  writeFileSync(path, stringify(catalogue), { mode: 0o600 });
}
