import type { ProjectDefinition } from '../contracts/projects.js';
import { digestOf } from './bundle/digest.js';
import { PROJECT_FILE, type ProjectFiles } from './bundle/project-files.js';
import { readDefinition } from './definition/read-definition.js';
import type { MigrationFile, ProjectProblem } from './migration-file.js';
import { migrationPaths } from './migration-names.js';
import { readMigrations } from './read-migrations.js';
import { parserReady } from './sql/parse-sql.js';

/** A project that holds together: everything that can be known of it without a database. */
export interface LoadedProject {
  readonly definition: ProjectDefinition;
  /** In the order in which they are applied. */
  readonly migrations: readonly MigrationFile[];
  readonly files: ProjectFiles;
  /** SHA-256 over the files, lower-case hex. */
  readonly digest: string;
}

export type LoadOutcome =
  | { readonly ok: true; readonly project: LoadedProject }
  | { readonly ok: false; readonly problems: readonly ProjectProblem[] };

/** Reads a project's files: `project.yaml` and every migration, or everything that is wrong with them, by file and line. */
export async function loadProject(files: ProjectFiles): Promise<LoadOutcome> {
  await parserReady();
  const yaml = files.get(PROJECT_FILE);
  if (yaml === undefined) return { ok: false, problems: [{ path: PROJECT_FILE, message: missing(files) }] };
  const read = readDefinition(yaml);
  const { migrations: paths, problems: wrongNames } = migrationPaths(files);
  const scripts = readMigrations(files, paths, read.ok ? read.definition : undefined);
  const problems = [...(read.ok ? [] : read.problems), ...wrongNames, ...scripts.problems];
  if (!read.ok || problems.length > 0) return { ok: false, problems: sorted(problems) };
  const { definition } = read;
  return { ok: true, project: { definition, migrations: scripts.migrations, files, digest: digestOf(files) } };
}

function missing(files: ProjectFiles): string {
  const other = files.has('project.yml') ? '; project.yml must be called project.yaml' : '';
  return `is missing: it names the project, its databases and its router${other}`;
}

function sorted(problems: readonly ProjectProblem[]): ProjectProblem[] {
  return [...problems].sort((one, other) =>
    one.path === other.path ? (one.line ?? 0) - (other.line ?? 0) : one.path < other.path ? -1 : 1,
  );
}
