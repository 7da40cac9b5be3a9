import type { MigrationAction } from '../../contracts/projects.js';
import type { SelectedDatabase } from '../../contracts/steps/project-steps.js';
import type { LoadedProject } from '../load-project.js';
import type { MigrationFile } from '../migration-file.js';
import { byName } from '../migration-order.js';
import { fullName } from '../version-words.js';

/** Tables of which `fakeInitial` must know whether they exist, as the scripts write them. */
export function initialTables(project: LoadedProject, { alias, apps, fakeInitial }: SelectedDatabase): string[] {
  if (fakeInitial !== true) return [];
  const initial = project.migrations.filter((one) => one.home === alias && isInitial(project, one));
  return initial.filter(({ app }) => apps?.includes(app) ?? true).flatMap(({ creates }) => creates);
}

export interface InitialAction {
  readonly action: MigrationAction;
  readonly problem?: string;
}

/** The first version of an app is run where nothing of it exists and faked, with proof, where all of it does. */
export function initialAction(
  project: LoadedProject,
  migration: MigrationFile,
  existing: ReadonlySet<string>,
): InitialAction {
  if (!isInitial(project, migration)) return { action: 'run' };
  const { creates } = migration;
  const there = creates.filter((table) => existing.has(table));
  if (there.length === 0) return { action: 'run' };
  if (there.length === creates.length) return { action: 'fake' };
  const lacking = creates.filter((table) => !existing.has(table));
  const problem =
    `${fullName(migration)} cannot be faked: ${there.join(', ')} exist, ${lacking.join(', ')} do not; ` +
    'make what is lacking, or drop what is there';
  return { action: 'run', problem };
}

function isInitial({ migrations }: LoadedProject, migration: MigrationFile): boolean {
  return !migrations.some((other) => other.app === migration.app && byName(other, migration) < 0);
}
