import type { PendingMigration } from '#shared/contracts/projects.js';

/** What stands before one database, in its order. */
export interface MigrationQueue {
  readonly alias: string;
  readonly pending: readonly PendingMigration[];
}

/** Migrations of one database that are applied in one go. */
export interface MigrationSegment {
  readonly alias: string;
  readonly migrations: readonly PendingMigration[];
}

export type Segments =
  | { readonly outcome: 'ordered'; readonly segments: readonly MigrationSegment[] }
  /** `app/version on alias` each: they wait for one another. */
  | { readonly outcome: 'stuck'; readonly waiting: readonly string[] };

/**
 * Merges the orders of several databases into one in which whatever a migration requires is made before it, wherever
 * that is: the orders themselves are kept, and the databases are changed as seldom as looking one ahead finds.
 */
export function segmentsOf(queues: readonly MigrationQueue[]): Segments {
  const segments: MigrationSegment[] = [];
  let left = queues.filter(({ pending }) => pending.length > 0);
  while (left.length > 0) {
    const segment = nextSegment(left);
    if (segment === undefined) return { outcome: 'stuck', waiting: left.map(headOf) };
    segments.push(segment);
    left = without(left, segment);
  }
  return { outcome: 'ordered', segments };
}

/** To end a queue costs one segment whenever it is done, so it is done first; else whatever lets most others end. */
function nextSegment(left: readonly MigrationQueue[]): MigrationSegment | undefined {
  const possible = left.map((queue) => longestPrefix(queue, left)).filter(({ migrations }) => migrations.length > 0);
  const [first] = possible;
  if (first === undefined) return undefined;
  const ending = possible.find((segment) => ends(segment, left));
  if (ending !== undefined) return ending;
  let best = { segment: first, score: -1 };
  for (const segment of possible) {
    const score = endingAfter(without(left, segment));
    if (score > best.score) best = { segment, score };
  }
  return best.segment;
}

function endingAfter(left: readonly MigrationQueue[]): number {
  return left.filter((queue) => longestPrefix(queue, left).migrations.length === queue.pending.length).length;
}

/** As far as the queue comes while the others stand still. */
function longestPrefix({ alias, pending }: MigrationQueue, left: readonly MigrationQueue[]): MigrationSegment {
  const elsewhere = new Set(
    left.filter((other) => other.alias !== alias).flatMap((other) => other.pending.flatMap(made)),
  );
  const waits = pending.findIndex(
    (migration) => isWork(migration) && migration.requires?.some((id) => elsewhere.has(id)) === true,
  );
  return { alias, migrations: waits === -1 ? pending : pending.slice(0, waits) };
}

/** A record that something lives elsewhere makes nothing, and waits for nothing. */
function isWork({ action }: PendingMigration): boolean {
  return action !== 'elsewhere';
}

function made(migration: PendingMigration): string[] {
  return isWork(migration) ? [`${migration.app}/${migration.version}`] : [];
}

function ends({ alias, migrations }: MigrationSegment, left: readonly MigrationQueue[]): boolean {
  return left.some((queue) => queue.alias === alias && queue.pending.length === migrations.length);
}

function without(left: readonly MigrationQueue[], { alias, migrations }: MigrationSegment): MigrationQueue[] {
  return left
    .map((queue) => (queue.alias === alias ? { ...queue, pending: queue.pending.slice(migrations.length) } : queue))
    .filter(({ pending }) => pending.length > 0);
}

function headOf({ alias, pending: [head] }: MigrationQueue): string {
  return head === undefined ? alias : `${head.app}/${head.version} on ${alias}`;
}
