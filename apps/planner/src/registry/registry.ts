import { instanceStream } from '#shared/contracts/streams.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { InstanceLocations } from './instance-locations.js';
import { foldInstance, type InstanceState } from './instance-state.js';
import { applyEvent, noEntries, type RegistryEntries } from './registry-entries.js';
import { StreamFollower } from './stream-follower.js';

/**
 * The registry as the ledger tells it, no projection in between: the few `registry-*` streams and the places where
 * tenants live are folded in memory and brought up to date before each answer, a tenant's stream is read when it is
 * asked for.
 */
export class Registry {
  private readonly entries = noEntries();
  private readonly locations = new InstanceLocations();
  private readonly definitions: StreamFollower;
  private readonly tenants: StreamFollower;

  constructor(private readonly reader: LedgerReader) {
    this.definitions = new StreamFollower(reader, 'registry-', (event) => applyEvent(this.entries, event));
    this.tenants = new StreamFollower(reader, 'instance-', (event) => this.locations.apply(event));
  }

  /** Every definition as it stands now. */
  async current(): Promise<RegistryEntries> {
    await this.definitions.refresh();
    return this.entries;
  }

  instance(instanceId: string): Promise<InstanceState | undefined> {
    return this.reader.readStream(instanceStream(instanceId)).then(foldInstance);
  }

  /** Ids of every tenant. */
  async instanceIds(): Promise<Iterable<string>> {
    await this.tenants.refresh();
    return this.locations.ids();
  }

  /** Every tenant whose record says that it lives in this database; more than one is a mistake of the registry. */
  async instancesIn(server: string, database: string): Promise<InstanceState[]> {
    await this.tenants.refresh();
    const states = await Promise.all(this.locations.in(server, database).map((id) => this.instance(id)));
    return states.filter((state) => state !== undefined);
  }
}
