import type { PendingMigration } from '../../contracts/projects.js';
import { SETTLED_STATUSES } from '../../contracts/projects.js';
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
 * Requirements of pending migrations that are applied nowhere and will not be before them. `states` are all databases that
 * could be read; the plan orders them, so that what is asked for anywhere comes in time.
 */
export function unmetRequirements(project: LoadedProject, states: readonly DatabaseState[]): string[] {
  return states.flatMap((state) =>
    state.pending
      .filter(({ action }) => action !== 'elsewhere')
      .flatMap((migration) =>
        migration.requires.flatMap((id) => {
          const reason = unmet(project, id, { state, others: states.filter((one) => one !== state) });
          return reason === undefined
            ? []
            : [`${fullName(migration)} on ${state.alias} requires ${id}, which ${reason}`];
        }),
      ),
  );
}

interface Around {
  readonly state: DatabaseState;
  readonly others: readonly DatabaseState[];
}

function unmet({ migrations }: LoadedProject, id: string, { state, others }: Around): string | undefined {
  const home = migrations.find((one) => one.id === id)?.home ?? state.alias;
  if (home === state.alias) {
    const row = trackedById(state.rows).get(id);
    const settled = row !== undefined && SETTLED_STATUSES.includes(row.status);
    if (settled || isComing(state, id)) return undefined;
    return `is not applied there and not asked for; add ${id.split('/')[0] ?? id} to the apps of ${state.alias}`;
  }
  const atHome = others.find((one) => one.alias === home);
  if (atHome !== undefined && (standsHere(trackedById(atHome.rows).get(id)) || isComing(atHome, id))) return undefined;
  return `is not applied to its database ${home}; ask for ${home}, too`;
}

function isComing({ pending }: DatabaseState, id: string): boolean {
  return pending.some((one) => idOf(one) === id);
}
