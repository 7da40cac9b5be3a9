import type { ProjectFiles } from './bundle/project-files.js';
import { loadProject, type LoadedProject } from './load-project.js';

/** The smallest project: one database that holds everything. */
export const YAML = `name: shop
databases:
  main: { server: main, database: shop_db }
router: { default: main }
`;

/** Files of a project; with `project.yaml` as above unless it is given. */
export function projectOf(files: Readonly<Record<string, string>>): ProjectFiles {
  return new Map(Object.entries({ 'project.yaml': YAML, ...files }));
}

/** @throws when the files are no project */
export async function loadedProject(files: Readonly<Record<string, string>>): Promise<LoadedProject> {
  const outcome = await loadProject(projectOf(files));
  if (outcome.ok) return outcome.project;
  throw new Error(outcome.problems.map(({ path, line, message }) => `${path}:${line ?? ''} ${message}`).join('\n'));
}
