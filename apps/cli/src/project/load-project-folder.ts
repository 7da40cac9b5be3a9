import { readProjectFolder } from '#shared/projects/bundle/read-folder.js';
import { loadProject, type LoadedProject, type LoadOutcome } from '#shared/projects/load-project.js';
import type { ProjectProblem } from '#shared/projects/migration-file.js';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import { harmless } from '../rendering/screen.js';

/** Flag of every command that reads a project's files. */
export interface ProjectFlags {
  /** Folder with `project.yaml`. */
  readonly project: string;
}

/** A project as it lies in a folder; no server is asked. @throws CliError with everything that is wrong with it */
export async function loadProjectFolder(folder: string): Promise<LoadedProject> {
  const outcome = await openProject(folder);
  if (outcome.ok) return outcome.project;
  const lines = [`the project in ${folder} does not hold together:`, ...problemLines(outcome.problems)];
  throw new CliError(EXIT.usage, lines.join('\n'), `rehome project check ${folder}`);
}

/** The same, with what is wrong as data. @throws CliError when there is no such folder */
export async function openProject(folder: string): Promise<LoadOutcome> {
  const read = await readProjectFolder(folder).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, `no project can be read in ${folder}: ${why}; give its folder`);
  });
  return read.ok ? loadProject(read.files) : read;
}

/** `path:line  what`, as editors and people follow it. */
export function problemLines(problems: readonly ProjectProblem[]): string[] {
  return problems.map(({ path, line, message }) => {
    return `  ${harmless(line === undefined ? path : `${path}:${String(line)}`)}  ${harmless(message)}`;
  });
}
