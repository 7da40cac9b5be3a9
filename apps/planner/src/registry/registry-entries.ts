import type { EventTypes, LedgerEvent } from '#shared/contracts/events.js';
import type {
  EntitlementsDefinition,
  PolicyDefinition,
  ServerDefinition,
  ServiceDefinition,
  SourceDefinition,
} from '#shared/contracts/registry.js';

/** What the registry holds of each noun. */
export interface RegistryTypes {
  server: ServerDefinition;
  service: ServiceDefinition;
  entitlements: EntitlementsDefinition;
  source: SourceDefinition;
  policy: PolicyDefinition;
  project: EventTypes['ProjectRegistered'];
}

export type EntryNoun = keyof RegistryTypes;

/** A definition and the version of its stream, against which a change is appended. */
export interface Entry<T> {
  readonly definition: T;
  readonly version: number;
}

/** Every definition by noun and name. */
export type RegistryEntries = { readonly [N in EntryNoun]: ReadonlyMap<string, Entry<RegistryTypes[N]>> };

type MutableEntries = { readonly [N in EntryNoun]: Map<string, Entry<RegistryTypes[N]>> };

export function noEntries(): MutableEntries {
  return {
    server: new Map(),
    service: new Map(),
    entitlements: new Map(),
    source: new Map(),
    policy: new Map(),
    project: new Map(),
  };
}

/** Folds one event in; the latest definition of a name stands. */
export function applyEvent(entries: MutableEntries, event: LedgerEvent): void {
  const version = event.streamVersion;
  if (event.type === 'ServerRegistered') entries.server.set(event.data.name, { definition: event.data, version });
  else if (event.type === 'ServiceRegistered')
    entries.service.set(event.data.name, { definition: event.data, version });
  else if (event.type === 'EntitlementsSet')
    entries.entitlements.set(event.data.plan, { definition: event.data, version });
  else if (event.type === 'SourceRegistered')
    entries.source.set(event.data.source, { definition: event.data, version });
  else if (event.type === 'PolicySet') entries.policy.set(event.data.name, { definition: event.data, version });
  else if (event.type === 'ProjectRegistered')
    entries.project.set(event.data.name, { definition: event.data, version });
}
