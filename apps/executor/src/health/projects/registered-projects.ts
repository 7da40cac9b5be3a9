import { toPosition, type Position } from '#shared/contracts/ids.js';
import type { ServerDefinition, ServerEndpoint } from '#shared/contracts/registry.js';
import type { ProjectPin } from '#shared/contracts/steps/project-steps.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';

const PAGE = 500;

interface Registered extends ProjectPin {
  readonly databases: readonly string[];
  /** RFC 3339, of its last push. */
  readonly registeredAt: string;
}

/** Projects and servers of the registry, as the ledger tells them; what is new is folded in when it is asked for. */
export class RegisteredProjects {
  private readonly pins = new Map<string, Registered>();
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
      for (const { type, data, recordedAt } of page) {
        if (type === 'ProjectRegistered') {
          const { name, digest, databases = [] } = data;
          this.pins.set(name, { name, digest, databases, registeredAt: recordedAt });
        }
        if (type === 'ServerRegistered') this.definitions.set(data.name, data);
      }
      this.position = page.length === PAGE ? toPosition(page.at(-1)?.position ?? until) : until;
    }
  }

  names(): string[] {
    return [...this.pins.keys()];
  }

  all(): Registered[] {
    return [...this.pins.values()];
  }

  project(name: string): ProjectPin | undefined {
    const pin = this.pins.get(name);
    return pin === undefined ? undefined : { name: pin.name, digest: pin.digest };
  }

  /** Aliases of its databases. */
  databases(name: string): readonly string[] {
    return this.pins.get(name)?.databases ?? [];
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
