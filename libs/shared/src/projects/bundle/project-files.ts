/** A project's files: path with `/` → text. Sorted by nobody; whoever needs an order sorts. */
export type ProjectFiles = ReadonlyMap<string, string>;

export const PROJECT_FILE = 'project.yaml';

export const PROJECT_LIMITS = {
  files: 10_000,
  fileBytes: 1024 * 1024,
  bytes: 20 * 1024 * 1024,
} as const;

/** Whether a file is of the project: everything else of a folder, such as its README, is left where it is. */
export function isProjectFile(path: string): boolean {
  if (path.split('/').some((part) => part.startsWith('.'))) return false;
  return path === PROJECT_FILE || path.startsWith('migrations/') || path.endsWith('.sql');
}
