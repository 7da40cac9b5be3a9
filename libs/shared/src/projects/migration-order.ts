import { naturalOrder } from './natural-order.js';

/** What the order is made of. */
export interface Ordered {
  readonly id: string;
  readonly app: string;
  readonly version: string;
  readonly requires: readonly string[];
}

/** By app, then by version. */
export function byName(one: Ordered, other: Ordered): number {
  return naturalOrder(one.app, other.app) || naturalOrder(one.version, other.version);
}

export type InOrder<T> =
  | { readonly ok: true; readonly ordered: readonly T[] }
  /** Ids, the first of them again at the end. */
  | { readonly ok: false; readonly cycle: readonly string[] };

/** Each after what it requires; of those that are free the first by name. Requirements that do not exist are passed over. */
export function inOrder<T extends Ordered>(migrations: readonly T[]): InOrder<T> {
  const waiting = [...migrations].sort(byName);
  const known = new Set(waiting.map(({ id }) => id));
  const done = new Set<string>();
  const ordered: T[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ requires }) => requires.every((id) => done.has(id) || !known.has(id)));
    const migration = waiting[next];
    if (migration === undefined) return { ok: false, cycle: cycleIn(waiting) };
    waiting.splice(next, 1);
    done.add(migration.id);
    ordered.push(migration);
  }
  return { ok: true, ordered };
}

/** Whoever cannot be ordered waits for another that cannot: following them comes round. */
function cycleIn(waiting: readonly Ordered[]): string[] {
  const byId = new Map(waiting.map((one) => [one.id, one]));
  const path: string[] = [];
  let id = waiting[0]?.id;
  while (id !== undefined && !path.includes(id)) {
    path.push(id);
    id = byId.get(id)?.requires.find((required) => byId.has(required));
  }
  return id === undefined ? path : [...path.slice(path.indexOf(id)), id];
}

/** The asked ones and all that they require, however far. */
export function withRequirements<T extends Ordered>(asked: readonly T[], all: readonly T[]): T[] {
  const byId = new Map(all.map((one) => [one.id, one]));
  const taken = new Set<T>();
  const left = [...asked];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (taken.has(one)) continue;
    taken.add(one);
    left.push(...one.requires.flatMap((id) => byId.get(id) ?? []));
  }
  return all.filter((one) => taken.has(one));
}
