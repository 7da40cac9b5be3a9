import type { PendingMigration } from '../../contracts/projects.js';
import type { LoadedProject } from '../load-project.js';
import { fullName, idOf } from '../version-words.js';
import { standsHere, trackedById, type TrackedMigration } from './tracked-migration.js';

/** One database of the project: what is recorded in it and what stands before it (nothing where it is not asked for). */
export interface DatabaseState {
  readonly alias: string;
  readonly rows: readonly TrackedMigration[];
  readonly pending: readonly PendingMigration[];
}

/**
 * Requirements of pending migrations that are applied nowhere and not asked for either. `states` are all databases that
 * could be read; which of several is migrated first is for the plan to say.
 */
export function unmetRequirements(project: LoadedProject, states: readonly DatabaseState[]): string[] {
  return states.flatMap((state) =>
    state.pending
      .filter(({ action }) => action !== 'elsewhere')
      .flatMap((migration) =>
        (migration.requires ?? []).flatMap((id) => {
          const reason = unmet(project, id, state, states);
          return reason === undefined
            ? []
            : [`${fullName(migration)} on ${state.alias} requires ${id}, which ${reason}`];
        }),
      ),
  );
}

function unmet(
  { migrations }: LoadedProject,
  id: string,
  here: DatabaseState,
  states: readonly DatabaseState[],
): string | undefined {
  const home = migrations.find((one) => one.id === id)?.home ?? here.alias;
  const state = states.find(({ alias }) => alias === home);
  const stands = state !== undefined && standsHere(trackedById(state.rows).get(id));
  if (stands || (state?.pending.some((one) => idOf(one) === id) ?? false)) return undefined;
  if (home !== here.alias) return `is not applied to its database ${home}; ask for it there, too`;
  return `is not applied there and not asked for; add ${id.split('/')[0] ?? id} to the apps of ${home}`;
}
