import { parse } from 'yaml';
import { packProject } from '#shared/projects/bundle/archive.js';
import { PROJECT_FILE } from '#shared/projects/bundle/project-files.js';
import { readProjectFolder } from '#shared/projects/bundle/read-folder.js';

/** A project of a folder, as it is pushed. */
export interface PackedProject {
  /** As project.yaml says it. */
  readonly name: string;
  /** tar.gz. */
  readonly archive: Uint8Array;
}

/** The planner judges the project; here only what keeps it from being sent. @throws Error by file */
export async function packFolder(folder: string): Promise<PackedProject> {
  const read = await readProjectFolder(folder);
  if (!read.ok) throw new Error(read.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  const yaml = read.files.get(PROJECT_FILE);
  if (yaml === undefined) throw new Error(`${folder} holds no ${PROJECT_FILE}: it is no project`);
  return { name: nameIn(yaml), archive: await packProject(read.files) };
}

function nameIn(yaml: string): string {
  const definition: unknown = parse(yaml);
  const name =
    typeof definition === 'object' && definition !== null && 'name' in definition ? definition.name : undefined;
  if (typeof name === 'string' && name !== '') return name;
  throw new Error(`${PROJECT_FILE} does not say the name of the project`);
}
