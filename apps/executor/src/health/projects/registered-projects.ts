import { toPosition, type Position } from '#shared/contracts/ids.js';
import type { ServerDefinition, ServerEndpoint } from '#shared/contracts/registry.js';
import type { ProjectPin } from '#shared/contracts/steps/project-steps.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';

const PAGE = 500;

/** Projects and servers of the registry, as the ledger tells them; what is new is folded in when it is asked for. */
export class RegisteredProjects {
  private readonly pins = new Map<string, ProjectPin>();
  private readonly definitions = new Map<string, ServerDefinition>();
  private position: Position = toPosition(0);

  constructor(private readonly reader: Pick<LedgerReader, 'read' | 'head'>) {}

  /** @throws RehomeError LEDGER_UNAVAILABLE */
  async refresh(): Promise<void> {
    const { position: until } = await this.reader.head();
    while (this.position < until) {
      const page = await this.reader.read({
        after: this.position,
        until,
        limit: PAGE,
        types: ['ProjectRegistered', 'ServerRegistered'],
      });
      for (const { type, data } of page) {
        if (type === 'ProjectRegistered') this.pins.set(data.name, { name: data.name, digest: data.digest });
        if (type === 'ServerRegistered') this.definitions.set(data.name, data);
      }
      this.position = page.length === PAGE ? toPosition(page.at(-1)?.position ?? until) : until;
    }
  }

  names(): string[] {
    return [...this.pins.keys()];
  }

  project(name: string): ProjectPin | undefined {
    return this.pins.get(name);
  }

  servers(): ServerEndpoint[] {
    return [...this.definitions.values()].map(({ name, host, port, adminUser, adminSecretRef }) => ({
      name,
      host,
      port,
      adminUser,
      adminSecretRef,
    }));
  }
}
