import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Principal } from '../auth/principal.js';
import type { Entry, EntryNoun, RegistryTypes } from './registry-entries.js';
import { pageOfNames, type Page, type PageQuery } from './registry-page.js';
import type { Registry } from './registry.js';
import type { Definition, RegistryWriter } from './registry-writer.js';

/** What every noun of the registry answers to: one entry, a page of them, a change. */
export class RegistryCalls {
  constructor(
    private readonly registry: Registry,
    private readonly writer: RegistryWriter,
  ) {}

  /** @throws RehomeError NOT_FOUND */
  async get<N extends EntryNoun>(noun: N, name: string): Promise<RegistryTypes[N]> {
    const entry = await this.find(noun, name);
    if (entry === undefined) throw new RehomeError('NOT_FOUND', `the registry holds no ${noun} "${name}"`);
    return entry.definition;
  }

  async page<N extends EntryNoun>(noun: N, query: PageQuery): Promise<Page<RegistryTypes[N]>> {
    const entries = (await this.registry.current())[noun] as ReadonlyMap<string, Entry<RegistryTypes[N]>>;
    const { items, next } = pageOfNames(entries.keys(), query);
    return { items: items.flatMap((name) => entries.get(name)?.definition ?? []), next };
  }

  /** @throws RehomeError LEDGER_CONFLICT when somebody else changed the entry meanwhile. */
  async put<N extends EntryNoun>(
    noun: N,
    name: string,
    definition: Definition & { readonly data: RegistryTypes[N] },
    caller: Principal,
  ): Promise<RegistryTypes[N]> {
    const before = await this.find(noun, name);
    await this.writer.write({ definition, before, actor: caller.actor });
    return definition.data;
  }

  private async find<N extends EntryNoun>(noun: N, name: string): Promise<Entry<RegistryTypes[N]> | undefined> {
    const entries = await this.registry.current();
    return entries[noun].get(name);
  }
}
