import type { PendingMigration } from '../../contracts/projects.js';
import type { LoadedProject } from '../load-project.js';
import { fullName, idOf } from '../version-words.js';
import { standsHere, type TrackedById } from './tracked-migration.js';

/** Migrations that must not stand in the same database, whichever of the two says so. */
export function conflictProblems(
  { migrations }: LoadedProject,
  pending: readonly PendingMigration[],
  tracked: TrackedById,
): string[] {
  const coming = new Set(pending.filter(({ action }) => action !== 'elsewhere').map(idOf));
  const stands = (id: string): boolean => coming.has(id) || standsHere(tracked.get(id));
  const names = new Map(migrations.map((one) => [one.id, fullName(one)]));
  return migrations.flatMap(({ id, conflicts }) =>
    conflicts
      .filter((other) => stands(id) && stands(other) && (coming.has(id) || coming.has(other)))
      .map((other) => {
        const [one, two] = [names.get(id) ?? id, names.get(other) ?? other];
        return `${one} and ${two} exclude each other in a database; take one of them out, or revert the one that is applied`;
      }),
  );
}
