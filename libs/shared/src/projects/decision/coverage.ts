import type { UncoveredMigration } from '../../contracts/project-coverage.js';
import type { SelectedDatabase } from '../../contracts/steps/project-steps.js';
import type { LoadedProject } from '../load-project.js';
import { routedAliases } from '../router.js';

export interface Coverage {
  /** Aliases that the router names. */
  readonly routed: readonly string[];
  /** Migrations at home on a database that is asked for, whose app is not asked for there. */
  readonly uncovered: readonly UncoveredMigration[];
}

/** What must be asked for so that no database and no migration is forgotten. `selected` absent: everything. */
export function coverageOf(project: LoadedProject, selected: readonly SelectedDatabase[] | undefined): Coverage {
  const routed = routedAliases(project.definition);
  const uncovered = (selected ?? []).flatMap(({ alias, apps }) => {
    if (apps === undefined) return [];
    const left = project.migrations.filter(({ home, app }) => home === alias && !apps.includes(app));
    return left.map(({ id }) => ({ migration: id, alias }));
  });
  return { routed, uncovered };
}
