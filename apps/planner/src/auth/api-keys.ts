import { createHash, timingSafeEqual } from 'node:crypto';
import { IsNull } from 'typeorm';
import { ApiKeyRow } from '../models/api-key.entity.js';
import { JoinedRuns } from '../joined-runs.js';
import type { PlannerModels } from '../models/planner-models.js';
import type { Principal } from './principal.js';
import type { Role } from './role.js';

/** A key as configuration and table hold it: never in clear. */
export interface HashedKey {
  readonly name: string;
  readonly role: Role;
  /** Lower-case hex. */
  readonly keySha256: string;
}

/** Keys are random and long, so a plain digest is enough: there is nothing to guess from it (ADR 0008). */
export function hashKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

/** Who may call. Asked anew for each call, those of one moment together: a revoked key ends at once. */
export class ApiKeys {
  private readonly lookups = new Map<string, JoinedRuns<Principal | undefined>>();

  /** @param own keys of this process only, looked at first. */
  constructor(
    private readonly models: PlannerModels,
    private readonly own: readonly HashedKey[] = [],
  ) {}

  /** The principal of a key; undefined when it is unknown or revoked. */
  async find(key: string): Promise<Principal | undefined> {
    const keySha256 = hashKey(key);
    const own = this.own.find((held) => equalDigests(held.keySha256, keySha256));
    if (own !== undefined) return principalOf(own);
    const lookup = this.lookups.get(keySha256) ?? new JoinedRuns(() => this.lookUp(keySha256));
    this.lookups.set(keySha256, lookup);
    try {
      return await lookup.run();
    } finally {
      // Only keys that are being asked for are remembered: who guesses must not fill the memory.
      if (lookup.idle) this.lookups.delete(keySha256);
    }
  }

  private async lookUp(keySha256: string): Promise<Principal | undefined> {
    const row = await this.models.with(ApiKeyRow, (rows) => rows.findOneBy({ keySha256, revokedAt: IsNull() }));
    if (row === null || !equalDigests(row.keySha256, keySha256)) return undefined;
    return principalOf(row);
  }

  /** Adds keys; a known name gets the new hash and role and is no longer revoked. */
  async put(keys: readonly HashedKey[]): Promise<void> {
    if (keys.length === 0) return;
    await this.models.with(ApiKeyRow, (rows) =>
      rows.upsert(
        keys.map((key) => ({ ...key, revokedAt: null })),
        ['name'],
      ),
    );
  }

  async revoke(name: string): Promise<void> {
    await this.models.with(ApiKeyRow, (rows) => rows.update({ name }, { revokedAt: new Date() }));
  }
}

function principalOf({ name, role }: Pick<HashedKey, 'name' | 'role'>): Principal {
  return { keyName: name, role, actor: `key:${name}` };
}

function equalDigests(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'hex'), Buffer.from(other, 'hex')];
  return a.length === b.length && timingSafeEqual(a, b);
}
