import type { MigrationName } from '#shared/contracts/projects.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { MigrationFile } from '#shared/projects/migration-file.js';
import type { LoadedProject } from '#shared/projects/load-project.js';

/** @throws RehomeError PROJECT_INVALID when the project holds no such version: the plan was made of another one. */
export function projectMigration(project: LoadedProject, { app, version }: MigrationName): MigrationFile {
  const found = project.migrations.find((file) => file.app === app && file.version === version);
  if (found !== undefined) return found;
  throw new RehomeError('PROJECT_INVALID', `project ${project.definition.name} has no migration ${app}/${version}`);
}

/** `main/v006_add_monitoring_tables`, as people see it. */
export function titleOf({ app, version, name }: MigrationName): string {
  return name === '' ? `${app}/${version}` : `${app}/${version}_${name}`;
}
