import type { Entry } from './registry-entries.js';
import type { Registry } from './registry.js';
import type { RegistryEntries } from './registry-entries.js';
import type { Definition, RegistryWriter } from './registry-writer.js';

export interface Seeded {
  readonly registered: number;
  /** Entries that the ledger holds already; the catalogue never overwrites what people changed since. */
  readonly kept: number;
}

/** Registers what the catalogue names and the ledger does not hold. Several planners may do so at once. */
export async function seedRegistry(
  registry: Registry,
  writer: RegistryWriter,
  catalogue: readonly Definition[],
): Promise<Seeded> {
  const entries = await registry.current();
  let registered = 0;
  for (const definition of catalogue) {
    const before = await holds(registry, entries, definition);
    if (before !== undefined) continue;
    const written = await writer.write({ definition, before, actor: 'catalogue' });
    if (written === 'registered') registered += 1;
  }
  return { registered, kept: catalogue.length - registered };
}

async function holds(
  registry: Registry,
  entries: RegistryEntries,
  { type, data }: Definition,
): Promise<Entry<object> | undefined> {
  switch (type) {
    case 'ServerRegistered':
      return entries.server.get(data.name);
    case 'ServiceRegistered':
      return entries.service.get(data.name);
    case 'EntitlementsSet':
      return entries.entitlements.get(data.plan);
    case 'SourceRegistered':
      return entries.source.get(data.source);
    case 'PolicySet':
      return entries.policy.get(data.name);
    case 'ProjectRegistered':
      return entries.project.get(data.name);
    case 'InstanceRegistered':
      return registry.instance(data.instanceId);
  }
}
