import { readProjectFolder } from '#shared/projects/bundle/read-folder.js';
import { loadProject, type LoadedProject } from '#shared/projects/load-project.js';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';

/** Flag of every command that reads a project's files. */
export interface ProjectFlags {
  /** Folder with `project.yaml`. */
  readonly project: string;
}

/** A project as it lies in a folder; no server is asked. @throws CliError with everything that is wrong with it */
export async function loadProjectFolder(folder: string): Promise<LoadedProject> {
  const collected = await readFolder(folder);
  const outcome = collected.ok ? await loadProject(collected.files) : collected;
  if (outcome.ok) return outcome.project;
  const lines = outcome.problems.map(
    ({ path, line, message }) => `  ${path}${line === undefined ? '' : `:${String(line)}`}  ${message}`,
  );
  throw new CliError(EXIT.usage, [`the project in ${folder} does not hold together:`, ...lines].join('\n'));
}

async function readFolder(folder: string): ReturnType<typeof readProjectFolder> {
  try {
    return await readProjectFolder(folder);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, `no project can be read in ${folder}: ${why}; give its folder by --project DIR`);
  }
}
