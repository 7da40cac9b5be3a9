import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FileCollector, type CollectedFiles } from './file-collector.js';
import { isProjectFile, PROJECT_LIMITS } from './project-files.js';

/**
 * The files of a project in a folder. Dotfiles, links and what is no file of a project are passed over.
 *
 * @throws an error of node:fs when the folder cannot be read
 */
export async function readProjectFolder(folder: string): Promise<CollectedFiles> {
  const collector = new FileCollector();
  await collect(folder, '', collector);
  return collector.collected();
}

async function collect(root: string, under: string, collector: FileCollector): Promise<void> {
  const entries = await readdir(join(root, under), { withFileTypes: true });
  for (const entry of entries) {
    if (collector.full) return;
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) await collect(root, path, collector);
    else if (entry.isFile() && isProjectFile(path)) await readInto(collector, join(root, path), path);
  }
}

async function readInto(collector: FileCollector, file: string, path: string): Promise<void> {
  const { size } = await stat(file);
  if (size > PROJECT_LIMITS.fileBytes)
    collector.refuse(path, `is larger than ${PROJECT_LIMITS.fileBytes / 1024} KiB; load data by other means`);
  else collector.add(path, await readFile(file));
}
