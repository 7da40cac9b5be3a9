import type { MigrationName, ProjectDefinition } from '#shared/contracts/projects.js';
import type { LintFinding } from '#shared/projects/migration-file.js';

/** A project as the planner has it: `GET /v1/projects/{name}`. */
export interface PushedProject {
  readonly name: string;
  readonly digest: string;
  readonly definition: ProjectDefinition;
  /** In the order in which they are applied. */
  readonly migrations: readonly PushedMigration[];
  readonly findings: readonly LintFinding[];
}

export interface PushedMigration extends MigrationName {
  readonly id: string;
  readonly home: string;
  readonly requires: readonly string[];
  readonly creates: readonly string[];
  readonly touches: readonly string[];
  readonly phase?: 'expand' | 'contract';
  readonly reversible: boolean;
}
