import type { ProjectDefinition } from '../contracts/projects.js';
import type { MigrationFile } from './migration-file.js';
import { tableMakersOf } from './migration-home.js';
import { relationKey, routeOf, tableOfModel, type TableRoute } from './router.js';

/** Where a table lives, why, and which migrations make and touch it. */
export interface RoutedTable extends TableRoute {
  readonly table: string;
  /** `app/version` of the migration that makes it. */
  readonly createdBy?: string;
  /** `app/version` of all that touch it, in order. */
  readonly touchedBy: readonly string[];
}

/** What of a project the answer needs: also a planner tells it. */
export interface RoutableProject {
  readonly definition: ProjectDefinition;
  /** In the order in which they are applied. */
  readonly migrations: readonly Pick<MigrationFile, 'id' | 'app' | 'home' | 'creates' | 'touches'>[];
}

/** Answers for a table or a model of the project: `simulation_results`, `simulation.simulationresult`. */
export function routeTable({ definition, migrations }: RoutableProject, tableOrModel: string): RoutedTable {
  const table = tableOfModel(definition, tableOrModel) ?? tableOrModel;
  const key = relationKey(table);
  const route = routeOf(definition, table, tableMakersOf(migrations));
  const names = (tables: readonly string[]): boolean => tables.some((one) => relationKey(one) === key);
  const maker = migrations.find(({ creates }) => names(creates));
  const touchedBy = migrations.filter(({ touches, creates }) => names(touches) || names(creates)).map(({ id }) => id);
  if (maker === undefined) return { table, ...route, touchedBy };
  // A migration stays in one database: what it makes is where it runs.
  const moved = route.because !== 'rule' && maker.home !== route.database;
  const made = moved ? ({ database: maker.home, because: 'maker' } as const) : {};
  return { table, ...route, ...made, createdBy: maker.id, touchedBy };
}
