import type { LedgerEvent } from '#shared/contracts/events.js';

interface Place {
  readonly server: string;
  readonly database: string;
}

/** Which tenants live in which database, and nothing else of them. */
export class InstanceLocations {
  private readonly places = new Map<string, Place>();
  private readonly tenants = new Map<string, Set<string>>();

  /** Folds one event of a tenant's stream in. */
  apply(event: LedgerEvent): void {
    if (event.type === 'InstanceRegistered') this.set(event.data.instanceId, event.data);
    if (event.type !== 'InstanceMoved') return;
    const { instanceId, to } = event.data;
    const database = to.database ?? this.places.get(instanceId)?.database;
    if (database !== undefined) this.set(instanceId, { server: to.dbServerId, database });
  }

  /** Every tenant that was ever registered. */
  ids(): Iterable<string> {
    return this.places.keys();
  }

  in(server: string, database: string): readonly string[] {
    return [...(this.tenants.get(keyOf({ server, database })) ?? [])];
  }

  private set(instanceId: string, { server, database }: Place): void {
    const before = this.places.get(instanceId);
    if (before !== undefined) this.tenants.get(keyOf(before))?.delete(instanceId);
    this.places.set(instanceId, { server, database });
    const key = keyOf({ server, database });
    this.tenants.set(key, (this.tenants.get(key) ?? new Set()).add(instanceId));
  }
}

function keyOf({ server, database }: Place): string {
  return JSON.stringify([server, database]);
}
